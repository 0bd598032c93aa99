"""One entry of the inbox as a row: what it says, and how it says it.

The first page is rendered from these; afterwards static/js/inbox/row.js says the same of
the objects of API v3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox import pages
from inbox.explain.quantities import compact
from inbox.mailbox import inboxes
from inbox.mailbox.messages import Entry
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Message
from mailsink.bidi import person

TAGS_SHOWN = 3
_ENDS = {"abandoned": gettext_noop("cut off"), "reset": gettext_noop("reset")}


@dataclass(frozen=True, slots=True)
class EntryRow:
    """The words of a row. tone: ok, warning or error."""

    id: str
    url: str
    sender: str
    subject: str
    at: datetime
    status: str
    tone: str
    snippet: str = ""
    size: str = ""
    tags: str = ""
    verdict: str = ""  # what people found: "", ok or bug
    inbox: str = ""
    unread: bool = False
    clip: bool = False
    pinned: bool = False
    noted: bool = False


def row(entry: Entry) -> EntryRow:
    """Return the row of a message, or of a transaction that was not accepted."""
    return _of_message(entry) if isinstance(entry, Message) else _of_attempt(entry)


def _of_message(message: Message) -> EntryRow:
    transaction = message.transaction
    refused = transaction.recipients_refused
    status = str(transaction.code or "")
    if refused:
        all = transaction.recipients_accepted + refused
        status += " · " + _("%(n)s of %(all)s refused") % {"n": refused, "all": all}
    status += _again(getattr(message, "number", None) or 1)
    return EntryRow(
        id=str(message.id),
        url=message.get_absolute_url(),
        sender=_sender(message.from_name, message.from_address),
        subject=message.subject or _("(no subject)"),
        at=message.received_at,
        status=status,
        tone="warning" if refused else "ok",
        snippet=message.snippet,
        size=compact(message.size),
        tags=_tags(message.tags),
        verdict="" if message.status == "new" else message.status,
        inbox=inboxes.slug(message.inbox_id) or "",
        noted=bool(message.note),
        unread=not getattr(message, "read", False),
        clip=message.attachments > 0,
        pinned=message.pinned,
    )


def _tags(tags: list[str]) -> str:
    more = len(tags) - TAGS_SHOWN
    return ", ".join(tags[:TAGS_SHOWN]) + (f" +{more}" if more > 0 else "")


def _of_attempt(attempt: TransactionSummary) -> EntryRow:
    nothing = attempt.size is None
    no_subject = _("(no message came)") if nothing else _("(no subject)")
    recipients = (each.forward_path for each in attempt.recipients[:TAGS_SHOWN])
    return EntryRow(
        id=str(attempt.id),
        url=pages.path("transaction", attempt.id),
        sender=_sender(attempt.from_name, attempt.from_address or attempt.reverse_path),
        subject=attempt.subject or no_subject,
        at=attempt.ended_at or attempt.started_at,
        status=" · ".join(filter(None, (_("not accepted"), _end(attempt))))
        + _again(attempt.number),
        tone="error",
        snippet=", ".join(recipients),
        size="" if attempt.size is None else compact(attempt.size),
        inbox=inboxes.slug(attempt.inbox_id) or "",
    )


def _again(number: int) -> str:
    return " · " + _("attempt %(n)s") % {"n": number} if number > 1 else ""


def _end(attempt: TransactionSummary) -> str:
    if attempt.code and attempt.code >= 400:
        return str(attempt.code)
    return _(_ENDS.get(attempt.outcome or "", ""))


def _sender(name: str, address: str) -> str:
    return person(name, address) or _("no sender")
