"""One entry of the inbox as a row, with its words and styles.

Pages are rendered from these rows; static/js/inbox/row.js makes the same from the
objects of API v3, and tests/rows.json checks that both agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from inbox import pages
from inbox.explain.quantities import compact
from inbox.mailbox import inboxes
from inbox.mailbox.messages import Entry
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Message
from mailsink.bidi import person

TAGS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class EntryRow:
    """The words of a row.

    sender: a name, or else an address; sender_whole: both. more: the number of further
    recipients. remark: what is unusual. failed: it was not accepted
    """

    id: str
    url: str
    sender: str
    sender_whole: str
    recipient: str
    more: int
    subject: str
    at: datetime
    remark: str = ""
    failed: bool = False
    snippet: str = ""
    size: str = ""
    tags: str = ""
    verdict: str = ""  # of people: "", ok or bug
    inbox: str = ""
    unread: bool = False
    clip: bool = False
    pinned: bool = False
    noted: bool = False
    assignee: str = ""


def row(entry: Entry) -> EntryRow:
    """Return the row of a message, or of a transaction that was not accepted."""
    return _of_message(entry) if isinstance(entry, Message) else _of_failure(entry)


def _of_message(message: Message) -> EntryRow:
    transaction = message.transaction
    refused = transaction.recipients_refused
    recipients = transaction.recipients_accepted + refused
    sender, whole = _sender(
        message.from_name, message.from_address, transaction.reverse_path
    )
    return EntryRow(
        id=str(message.id),
        url=message.get_absolute_url(),
        sender=sender,
        sender_whole=whole,
        recipient=transaction.first_recipient or _("no recipient"),
        more=max(0, recipients - 1),
        subject=message.subject or _("(no subject)"),
        at=message.received_at,
        remark=_remark(message, recipients),
        snippet=message.snippet,
        size=compact(message.size),
        tags=_tags(message.tags),
        verdict="" if message.status == "new" else message.status,
        inbox=inboxes.slug(message.inbox_id) or "",
        noted=bool(message.note),
        unread=not getattr(message, "read", False),
        clip=message.attachments > 0,
        pinned=message.pinned,
        assignee=getattr(message, "assignee", None) or "",
    )


def _remark(message: Message, recipients: int) -> str:
    """Return what is unusual about a message: its reply, its recipients, its attempts."""
    transaction = message.transaction
    odd = []
    if transaction.code not in (None, 250):
        odd.append(str(transaction.code))
    if transaction.recipients_refused:
        odd.append(
            _("%(n)s of %(all)s rejected")
            % {"n": transaction.recipients_refused, "all": recipients}
        )
    return " · ".join([*odd, *_again(getattr(message, "number", None) or 1)])


def _tags(tags: list[str]) -> str:
    more = len(tags) - TAGS_SHOWN
    return ", ".join(tags[:TAGS_SHOWN]) + (f" +{more}" if more > 0 else "")


def _of_failure(transaction: TransactionSummary) -> EntryRow:
    sender, whole = _sender(
        transaction.from_name, transaction.from_address, transaction.reverse_path
    )
    nothing = transaction.size is None
    no_subject = _("No message sent") if nothing else _("(no subject)")
    return EntryRow(
        id=str(transaction.id),
        url=pages.path("transaction", transaction.id),
        sender=sender,
        sender_whole=whole,
        recipient=transaction.first_recipient or _("no recipient"),
        more=max(0, len(transaction.recipients) - 1),
        subject=transaction.subject or no_subject,
        at=transaction.ended_at or transaction.started_at,
        remark=" · ".join([transaction.failure, *_again(transaction.number)]),
        failed=True,
        size="" if nothing else compact(transaction.size or 0),
        inbox=inboxes.slug(transaction.inbox_id) or "",
    )


def _again(number: int) -> list[str]:
    return [_("attempt %(n)s") % {"n": number}] if number > 1 else []


def _sender(name: str, address: str, reverse_path: str) -> tuple[str, str]:
    """Return the sender, short and complete: from the header, or else the envelope."""
    if name or address:
        return name or address, person(name, address)
    if reverse_path:
        whole = _("%(address)s (envelope)") % {"address": reverse_path}
        return reverse_path, whole
    return _("no sender"), _("no sender")
