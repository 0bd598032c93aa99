"""Mailpit's MessageSummary, and the lists of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from inbox.api.as_received import AsReceived
from inbox.api.mailpit.parts import NumberedParts
from inbox.api.plain_answers import stamp
from inbox.api.v3.common import scope
from inbox.errors import NotFound
from inbox.mailbox import messages, offsets
from inbox.mailbox.offsets import StoredMail
from inbox.models import Message
from inbox.serializers import Shape
from mailsink.mime.addresses import Address
from mailsink.mime.mails import ParsedMessage
from mailsink.mime.reading import SNIPPET_LENGTH

MILLISECONDS = 3  # digits
_SNIPPET = 200  # octets
# Octets of a body that are read for a list, and of all bodies: a body with many parts
# takes 0.1 s. For other messages, the indexer's count of attachments is used, which has
# a slightly different rule.
_LARGEST_READ = 128 * 1024
_MOST_READ = 512 * 1024


def address(name: str, at: str) -> Shape:
    return {"Name": name, "Address": at}


def people(found: Iterable[Address]) -> list[Shape]:
    return [address(each.name, each.address) for each in found]


def sender(mail: AsReceived) -> Shape:
    """Return the sender of a message; if there is no address, the whole field is the name."""
    message = mail.mail.message
    if message.from_address:
        return address(message.from_name, message.from_address)
    field = next((each for each in mail.sent if each.name.lower() == "from"), None)
    return address(field.value if field else "", "")


def tags(names: Iterable[str]) -> list[str]:
    """Return tags in Mailpit's order, which ignores case."""
    return sorted(names, key=lambda name: (name.lower(), name))


def summary(stored: StoredMail, exact: bool = True) -> Shape:
    """Return a message in the form of lists and events; its lists are never null.

    exact: the body may be read, to count the attachments
    """
    mail, message = AsReceived(stored), stored.message
    snippet, attachments = _content(message, exact)
    return {
        "ID": str(message.pk),
        "MessageID": mail.message_id,
        "Read": bool(getattr(message, "read", False)),
        "From": sender(mail),
        "To": people(mail.people["to"]),
        "Cc": people(mail.people["cc"]),
        "Bcc": people(mail.bcc),
        "ReplyTo": people(mail.people["reply-to"]),
        "Subject": message.subject,
        "Created": stamp(message.received_at, MILLISECONDS),
        "Username": stored.session.auth_username,
        "Tags": tags(message.tags),
        "Size": mail.size,
        "Attachments": attachments,
        "Snippet": snippet,
    }


def listed(where: Q, start: int, limit: int, null: Sequence[str]) -> Shape:
    """Return a page of matching messages, with the counts of the mailbox.

    null: the lists of addresses that are null if they are empty
    """
    found = offsets.find(scope(), where, start, limit)
    shapes: list[Shape] = []
    room = _MOST_READ
    for each in found:
        exact = _is_read(each.message) and each.message.size <= room
        room -= each.message.size if exact else 0
        shapes.append(_with_null(summary(each, exact), null))
    whole = messages.counts(scope())
    total, unread = whole["messages"], whole["unread"]
    matching = offsets.count(scope(), where) if where else (total, unread)
    return {
        "total": total,
        "unread": unread,
        "count": len(shapes),
        "messages_count": matching[0],
        "messages_unread": matching[1],
        "start": start,
        "tags": tags(messages.tags(scope())),
        "messages": shapes,
    }


def _with_null(shape: Shape, names: Sequence[str]) -> Shape:
    empty: dict[str, Any] = {name: None for name in names if not shape[name]}
    return shape | empty


def _content(message: Message, exact: bool) -> tuple[str, int]:
    """Return the snippet, and the number of attachments by Mailpit's rule."""
    snippet, attachments = _cut(message.snippet), message.attachments
    if not exact or not _is_read(message):
        return snippet, attachments
    try:
        octets = messages.open_raw(message)
    except NotFound:
        return snippet, attachments
    mail = ParsedMessage(lambda: octets)
    if not message.indexed_at:
        snippet = _cut(mail.reading.snippet)
    return snippet, sum(1 for _ in NumberedParts(mail).attachments)


def _is_read(message: Message) -> bool:
    """Whether the body is needed for the exact number of attachments."""
    counted_none = message.indexed_at and not message.attachments
    return not counted_none and message.size <= _LARGEST_READ


def _cut(snippet: str) -> str:
    whole = snippet.encode("utf-8", "replace")
    if len(whole) <= _SNIPPET and len(snippet) < SNIPPET_LENGTH:
        return snippet
    return whole[:_SNIPPET].decode("utf-8", "ignore") + "..."
