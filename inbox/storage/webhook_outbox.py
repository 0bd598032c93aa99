"""The outbox of webhooks: an event is written in the same commit as its cause.

Only events that some webhook wants are written: without webhooks, this costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from inbox.models import WebhookEvent

# Sent after a commit with events, on any thread.
written = Signal()

_wanted: frozenset[str] = frozenset()


def wanted() -> frozenset[str]:
    """Return the names of the events that webhooks want. Can be called from any thread."""
    return _wanted


def want(events: Collection[str]) -> None:
    """Set the events that are written from now on."""
    global _wanted
    _wanted = frozenset(events)


def put(event: str, objects: Iterable[tuple[UUID, int | None]]) -> None:
    """Write an event, if a webhook wants it, in the caller's transaction.

    objects: the ids of the event's objects, each with its inbox
    """
    if event in _wanted:
        WebhookEvent.objects.bulk_create(
            WebhookEvent(event=event, object_id=id, inbox_id=inbox)
            for id, inbox in objects
        )
        transaction.on_commit(announce)


def announce() -> None:
    """Announce that events were written."""
    written.send(sender=None)
