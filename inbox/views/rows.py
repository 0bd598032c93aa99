"""One entry of the inbox as a row: what it says, and how it says it.

The first page is rendered from these; afterwards static/js/rows.js says the same of
the objects of API v3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.models import Message
from inbox.services.messages import Entry
from inbox.services.transactions import Attempt

_ENDS = {"abandoned": "cut off", "reset": "reset"}


@dataclass(frozen=True, slots=True)
class Row:
    """The words of a row. tone: ok, warn or bad."""

    id: str
    url: str
    sender: str
    subject: str
    at: datetime
    status: str
    tone: str
    unread: bool = False
    clip: bool = False
    pinned: bool = False


def row(entry: Entry) -> Row:
    """Return the row of a message, or of a transaction that was not accepted."""
    return _of_message(entry) if isinstance(entry, Message) else _of_attempt(entry)


def _of_message(message: Message) -> Row:
    transaction = message.transaction
    refused = transaction.recipients_refused
    status = str(transaction.code or "")
    if refused:
        status += f" · {refused} of {transaction.recipients_accepted + refused} refused"
    status += _again(getattr(message, "number", None) or 1)
    return Row(
        id=str(message.id),
        url=f"/messages/{message.id}",
        sender=_sender(message.from_name, message.from_address),
        subject=message.subject or "(no subject)",
        at=message.received_at,
        status=status,
        tone="warn" if refused else "ok",
        unread=not getattr(message, "read", False),
        clip=message.attachments > 0,
        pinned=message.pinned,
    )


def _of_attempt(attempt: Attempt) -> Row:
    no_subject = "(no message came)" if attempt.size is None else "(no subject)"
    return Row(
        id=str(attempt.id),
        url=f"/transactions/{attempt.id}",
        sender=_sender(attempt.from_name, attempt.from_address or attempt.reverse_path),
        subject=attempt.subject or no_subject,
        at=attempt.ended_at or attempt.started_at,
        status=" · ".join(filter(None, ("not accepted", _end(attempt))))
        + _again(attempt.number),
        tone="bad",
    )


def _again(number: int) -> str:
    return f" · attempt {number}" if number > 1 else ""


def _end(attempt: Attempt) -> str:
    if attempt.code and attempt.code >= 400:
        return str(attempt.code)
    return _ENDS.get(attempt.outcome or "", "")


def _sender(name: str, address: str) -> str:
    if name and address:
        return f"{name} <{address}>"
    return name or address or "no sender"
