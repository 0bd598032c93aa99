"""Tombstones: they stay for 30 days after a message was removed for good.

A message leaves one for each address that accepted it, so that "where is my mail?" can
say when it was removed, and why. The purging code writes them; beyond a maximum, the
oldest are removed sooner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from inbox.explain.evidence import Cause
from inbox.mailbox.scope import Scope
from inbox.models import Message, Recipient, Tombstone
from inbox.models.session import ADDRESS_KEY_LENGTH
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

DAYS = 30
MOST = 200_000  # a flood of mail must not become a flood of tombstones
_MOST_AT_ONCE = 10_000  # one message may have very many recipients
_MAX_SUBJECT = 200  # characters


def key(address: str) -> str:
    """Return the key of the tombstones of an address."""
    return address.lower()[:ADDRESS_KEY_LENGTH]


def of(messages: Collection[UUID], cause: Cause) -> list[Tombstone]:
    """Return the tombstones of messages, not written yet."""
    now = datetime.now(UTC)
    rows = Message.objects.filter(pk__in=messages).values("transaction", *_OF_MESSAGE)
    buried = {each.pop("transaction"): each for each in rows}
    taken = Q(rcpt_code__lt=300) & (Q(final_code=None) | Q(final_code__lt=300))
    recipients = Recipient.objects.filter(taken, transaction__in=buried)
    return [
        _tombstone(transaction, buried[transaction], address, cause, now)
        for transaction, address in recipients.values_list(
            "transaction_id", "forward_path"
        )[:_MOST_AT_ONCE]
    ]


_OF_MESSAGE = ("id", "inbox_id", "subject", "received_at", "deleted_at")


def _tombstone(
    transaction: UUID,
    message: Mapping[str, Any],
    address: str,
    cause: Cause,
    now: datetime,
) -> Tombstone:
    return Tombstone(
        address=key(address),
        message=message["id"],
        transaction=transaction,
        inbox_id=message["inbox_id"],
        subject=message["subject"][:_MAX_SUBJECT],
        received_at=message["received_at"],
        deleted_at=message["deleted_at"],
        removed_at=now,
        cause=cause,
    )


def lay(stones: Collection[Tombstone]) -> None:
    """Write tombstones, except those that exist already. Call within a turn."""
    Tombstone.objects.bulk_create(stones, ignore_conflicts=True)


def find(scope: Scope, address: str, limit: int) -> list[Tombstone]:
    """Return the newest tombstones of an address, newest first."""
    rows = Tombstone.objects.filter(scope.q(), address=key(address))
    return list(rows.order_by("-message")[:limit])


def sweep() -> int:
    """Remove a turn's worth of expired tombstones; return the number."""
    before = datetime.now(UTC) - timedelta(days=DAYS)
    newest = Tombstone.objects.aggregate(Max("id"))["id__max"] or 0
    rows = Tombstone.objects.filter(Q(removed_at__lt=before) | Q(id__lte=newest - MOST))
    ids = list(rows.values_list("id", flat=True)[:ROWS_IN_A_TURN])
    if ids:
        with write_turn():
            Tombstone.objects.filter(id__in=ids).delete()
    return len(ids)
