"""Lists by offset, the paging of Mailpit and MailHog, with data that message rows lack.

A list ends early if its texts would take too much memory; its counts are complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BinaryField, Count, Q, Sum
from django.db.models.functions import Substr

from inbox.mailbox import messages
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import unpacked
from inbox.models import Message, MessageRead, Raw, Recipient, Session, Transaction
from inbox.models.message import ALIVE
from inbox.models.session import WITHOUT_CLIENT
from inbox.search.read_state import is_read
from inbox.storage import body_store
from mailsink.ids import first_at

MOST = 5000  # messages of a list
_AT_ONCE = 200  # rows
_MOST_OCTETS = 16_000_000  # of the texts in a list; clients choose their length
_HEAD = 64 * 1024  # octets of a message that are read for its header
_STORED_HEAD = 8 * 1024  # octets of the head as stored, compressed or not


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A message, with the data that another dialect's list shows in addition to its row.

    head: the first octets, with the header; recipients: the accepted ones
    """

    message: Message
    session: Session
    recipients: tuple[str, ...]
    head: bytes

    @property
    def reverse_path(self) -> str:
        return self.message.transaction.reverse_path

    @property
    def is_sent(self) -> bool:
        """Whether a client sent the message: not if it came from a file or through the API."""
        return self.session.listener_kind not in WITHOUT_CLIENT


def find(scope: Scope, where: Q, start: int, limit: int) -> list[StoredMail]:
    """Return the matching messages from the start-th on, newest first."""
    rows = Message.objects.filter(ALIVE, scope.q(), where).order_by("-pk")
    ids = list(rows.values_list("pk", flat=True)[start : start + min(limit, MOST)])
    found: list[StoredMail] = []
    octets = 0
    for at in range(0, len(ids), _AT_ONCE):
        for each in stored(messages.by_ids(scope, ids[at : at + _AT_ONCE])):
            octets += each.message.octets + len(each.head)
            if found and octets > _MOST_OCTETS:
                return found
            found.append(each)
    return found


def newest(scope: Scope, where: Q) -> Message | None:
    """Return the newest message that matches."""
    rows = Message.objects.filter(ALIVE, scope.q(), where)
    key = rows.order_by("-pk").values_list("pk", flat=True).first()
    return messages.get(scope, key) if key else None


def count(scope: Scope, where: Q) -> tuple[int, int]:
    """Return the number of matching messages, and of the unread ones among them."""
    rows = Message.objects.filter(ALIVE, scope.q(), where)
    if scope.reader is not None:
        return rows.count(), rows.filter(~is_read(scope.reader)).count()
    read = MessageRead.objects.filter(user=None, message__in=rows.values("pk"))
    total = rows.count()
    return total, max(0, total - read.count())


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of messages received, refused and deleted.

    Of those received, also the octets.
    """

    accepted: int
    octets: int
    rejected: int
    deleted: int


def since(scope: Scope, began: datetime) -> Tally:
    """Return what happened since a time, as far as it is stored."""
    came = Message.objects.filter(scope.q(), pk__gte=first_at(began.timestamp()))
    sums = came.aggregate(count=Count("pk"), octets=Sum("size"))
    gone = Message.objects.filter(scope.q(), deleted_at__gte=began)
    refused = Transaction.objects.filter(
        scope.q(), outcome="rejected", pk__gte=first_at(began.timestamp())
    )
    return Tally(sums["count"], sums["octets"] or 0, refused.count(), gone.count())


def stored(found: Sequence[Message]) -> list[StoredMail]:
    """Return messages with the data of these lists, newest first, in three queries."""
    transactions = [each.transaction_id for each in found]
    recipients = _recipients(transactions)
    sessions = Session.objects.in_bulk({each.transaction.session_id for each in found})
    heads = _heads(transactions)
    return [
        StoredMail(
            each,
            sessions[each.transaction.session_id],
            tuple(recipients.get(each.transaction_id, ())),
            heads.get(each.transaction_id, b""),
        )
        for each in sorted(found, key=lambda each: each.pk, reverse=True)
    ]


def _recipients(transactions: Sequence[UUID]) -> dict[UUID, list[str]]:
    rows = Recipient.objects.filter(transaction__in=transactions, rcpt_code__lt=300)
    found: dict[UUID, list[str]] = {}
    for key, path in rows.order_by("seq").values_list("transaction", "forward_path"):
        found.setdefault(key, []).append(path)
    return found


def _heads(transactions: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the first octets of bodies, without reading more of them."""
    rows = (
        Raw.objects.filter(pk__in=transactions)
        .annotate(start=Substr("content", 1, _STORED_HEAD, output_field=BinaryField()))
        .defer("content")
    )
    return {each.pk: _head(each, bytes(each.start or b"")) for each in rows}


def _head(raw: Raw, start: bytes) -> bytes:
    if not raw.key:
        head = unpacked(raw.codec, start)
        end = head.find(b"\r\n\r\n") + 4
        if end > 3 or len(start) < _STORED_HEAD:
            return head[: min(end, _HEAD) if end > 3 else _HEAD]
        raw.refresh_from_db(fields=["content"])
    try:
        return body_store.read_start(raw, _HEAD)
    except FileNotFoundError:
        return b""
