"""Releases that wait for their receiver: their fields, and those that may leave now.

Mail that no recipient may get now, such as while the guard is on, is not offered: it
waits on.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from inbox.models import Message, Release, ReleaseRecipient
from inbox.models.outgoing import HELD, NEVER
from inbox.outgoing.leaving import Refusal

_RELEASES_AT_ONCE = 100
# The most recipients that one look reads: clients that send mail fill the queue.
MOST_RECIPIENTS = 20_000


def fields(message_id: UUID) -> dict[str, Any]:
    """Return the fields of a release that goes back to waiting.

    The reverse-path is the message's again: a route may have replaced it.
    """
    rows = Message.objects.filter(pk=message_id)
    path = rows.values_list("transaction__reverse_path", flat=True).first()
    return {
        "state": HELD,
        "route": None,
        "route_name": "",
        "reverse_path": path or "",
        "next_try_at": None,
        "ended_at": None,
        "expires_at": NEVER,
    }


def may_leave(rows: QuerySet[Release], refusal: Refusal, most: int) -> list[UUID]:
    """Return the oldest waiting releases that may leave, to at least one recipient.

    refusal: returns why no mail may go to an address; most: the maximum of releases
    """
    found: list[UUID] = []
    known: dict[str, bool] = {}  # many messages have the same few recipients
    looked, after = 0, UUID(int=0)
    ids = rows.order_by("pk").values_list("pk", flat=True)
    while looked < MOST_RECIPIENTS and len(found) < most:
        batch = list(ids.filter(pk__gt=after)[:_RELEASES_AT_ONCE])
        if not batch:
            break
        after = batch[-1]
        good = set()
        for key, path in _recipients(batch):
            looked += 1
            if path not in known:
                known[path] = not refusal(path)
            if known[path]:
                good.add(key)
        found += [each for each in batch if each in good]
    return found[:most]


def _recipients(batch: list[UUID]) -> list[tuple[UUID, str]]:
    rows = ReleaseRecipient.objects.filter(release__in=batch, state="queued")
    return list(rows.values_list("release_id", "forward_path")[:MOST_RECIPIENTS])
