"""The outbox of webhooks: what happened is written down in the commit in which it happens.

Only what some webhook wants is: without webhooks, this costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from inbox.models import WebhookEvent

# Sent after a commit with something in it, on any thread.
written = Signal()

_wanted: frozenset[str] = frozenset()


def wanted() -> frozenset[str]:
    """Return the names of the events that webhooks want. From any thread."""
    return _wanted


def want(events: Collection[str]) -> None:
    """Write down these from now on, and no others."""
    global _wanted
    _wanted = frozenset(events)


def put(event: str, objects: Iterable[tuple[UUID, int | None]]) -> None:
    """Write down that an event happened, if it is wanted; within the caller's transaction.

    objects: the ids that it happened to, each with its inbox
    """
    if event in _wanted:
        WebhookEvent.objects.bulk_create(
            WebhookEvent(event=event, object_id=id, inbox_id=inbox)
            for id, inbox in objects
        )
        transaction.on_commit(announce)


def announce() -> None:
    """Say that something was written."""
    written.send(sender=None)
