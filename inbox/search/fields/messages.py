"""The terms of the search language, as conditions on messages."""

from __future__ import annotations

import re
from functools import partial

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from inbox.models import Assignment, Comment, Recipient, Transaction
from inbox.models.message import LARGE_SIZE
from inbox.search.fields.parts import (
    IS,
    STATUSES,
    address,
    addressed_to,
    client,
    code_within,
    ending,
    envelope_from,
    exchanges,
    is_address,
    listed,
    recipient,
    recipient_code,
    rows_of,
    rule,
    verb,
)
from inbox.search.fields.values import (
    BadQuery,
    Condition,
    codes,
    day,
    one_of,
    sessions,
    size,
    time,
)
from inbox.search.fulltext import matches
from inbox.search.fulltext.header_query import in_field
from inbox.search.read_state import is_read
from inbox.search.sql import (
    EVERYTHING,
    NOTHING,
    HasAddress,
    has,
    has_item,
    same,
)
from mailsink.ids import first_at

_FIELD_NAME = re.compile(r"[!-9;-~]{1,200}")  # RFC 5322 §3.6.8
# seconds after the message was received, at the very most
_COMMITTED_WITHIN = 24 * 3600


def _header(value: str) -> Q:
    name, _colon, text = value.partition(":")
    name = name.strip()
    conditions = {
        "from": lambda: has("from_name", text) | has("from_address", text),
        "to": lambda: Q(HasAddress("to", text)),
        "cc": lambda: _cc(text),
        "subject": lambda: _subject(text),
        "message-id": lambda: has("message_id", text),
    }
    if not _FIELD_NAME.fullmatch(name):
        raise BadQuery(
            _(
                "header: takes the name of a field, and a text in it, as in "
                "header:X-Mailer:phpmailer."
            )
        )
    if name.lower() in conditions:
        return conditions[name.lower()]()
    return in_field(name, text) or NOTHING


def _from(value: str) -> Q:
    found = matches(value, "sender")
    if found is None:
        named = has("from_name", value) | has("from_address", value)
        return named | envelope_from(value)
    if not is_address(value):
        return found
    # Index hits can contain the address as a part: the whole address is checked, too.
    own = Transaction.objects.filter(
        same("reverse_path", value), pk=OuterRef("transaction")
    )
    return found & (same("from_address", value) | Q(Exists(own)))


def _to(value: str) -> Q:
    in_header, named = listed("to", value), address("forward_path", value)
    found = matches(value, "recipients")
    if found is None:
        return in_header | recipient("transaction", named)
    # The index has Cc among the recipients, so its hits are checked, too.
    own = Recipient.objects.filter(named, transaction=OuterRef("transaction"))
    return found & (in_header | Q(Exists(own)))


def _cc(value: str) -> Q:
    found = matches(value, "recipients") or EVERYTHING
    return found & listed("cc", value)


def _subject(value: str) -> Q:
    return matches(value, "subject") or has("subject", value)


def _bcc(value: str) -> Q:
    shown = listed("to", value) | listed("cc", value)
    return recipient("transaction", address("forward_path", value)) & ~shown


# Ids are indexed, and follow the order of commits; a message is received before its
# commit.


def _before(value: str) -> Q:
    at = time(value)
    return Q(received_at__lt=at, pk__lt=first_at(at.timestamp() + _COMMITTED_WITHIN))


def _after(value: str) -> Q:
    at = time(value)
    return Q(received_at__gte=at, pk__gte=first_at(at.timestamp()))


def _on(value: str) -> Q:
    start, end = day(value)
    ids = first_at(start.timestamp()), first_at(end.timestamp() + _COMMITTED_WITHIN)
    return Q(received_at__gte=start, received_at__lt=end, pk__gte=ids[0], pk__lt=ids[1])


def _larger(value: str) -> Q:
    wanted = size(value)
    found = Q(size__gt=wanted)
    if wanted >= LARGE_SIZE:
        found &= Q(size__gte=LARGE_SIZE)  # as in the condition of the partial index
    return found


def _code(value: str) -> Q:
    wanted = codes(value)
    # No join: it would look up the transaction of each message, one by one.
    of_body = Transaction.objects.filter(code_within("code", wanted))
    return rows_of("transaction", of_body, "pk") | recipient_code("transaction", wanted)


def _word(value: str) -> Q:
    """Match a word without a field. One without letters and digits is not in the index."""
    return matches(value) or (
        has("subject", value)
        | has("snippet", value)
        | has("from_name", value)
        | Q(HasAddress("to", value))
    )


def _is(reader: int | None) -> Condition:
    read = is_read(reader)
    return one_of(
        "is",
        {
            **dict.fromkeys(IS, NOTHING),
            "read": read,
            "unread": ~read,
            "pinned": Q(pinned=True),
            "deleted": Q(deleted_at__isnull=False),
            "accepted": EVERYTHING,
            **{status: Q(status=status) for status in STATUSES},
        },
    )


def _assignee(reader: int | None, value: str) -> Q:
    """Match the assignee: a user by the full name, or the reader."""
    rows = Assignment.objects.filter(user__username__iexact=value)
    if value.lower() == "me":
        rows = Assignment.objects.filter(user=reader) if reader else rows.none()
    return Q(pk__in=rows.values("message"))


_SESSION = "transaction__session"
_COMMENTED = Q(pk__in=Comment.objects.values("message"))

MESSAGES: dict[str, Condition] = {
    "": _word,
    "from": _from,
    "to": _to,
    "cc": _cc,
    "bcc": _bcc,
    "rcpt": lambda value: recipient("transaction", addressed_to(value)),
    "subject": _subject,
    "header": _header,
    "tag": lambda value: has_item("tags", value),
    "assignee": partial(_assignee, None),
    "is": _is(None),
    "has": one_of(
        "has",
        {
            **dict.fromkeys(("attachment", "attachments"), Q(attachments__gte=1)),
            "note": ~Q(note=""),
            "assignee": Q(pk__in=Assignment.objects.values("message")),
            **dict.fromkeys(("comment", "comments"), _COMMENTED),
        },
    ),
    "before": _before,
    "after": _after,
    "on": _on,
    "larger": _larger,
    "smaller": lambda value: Q(size__lt=size(value)),
    "code": _code,
    "verb": lambda value: exchanges(_SESSION, "session_id", verb(value), _SESSION),
    "rule": lambda value: exchanges(
        "transaction", "transaction_id", rule(value), _SESSION
    ),
    "client": lambda value: client(value, "transaction__session__"),
    "ending": lambda value: ending(value, "transaction__session__"),
    "session": lambda value: sessions("transaction__session__pk", value),
    "inbox": lambda value: Q(inbox__slug=value.lower()),
}


def messages_for(reader: int | None) -> dict[str, Condition]:
    """Return MESSAGES for a user: some fields depend on the reader."""
    if reader is None:
        return MESSAGES
    return {**MESSAGES, "is": _is(reader), "assignee": partial(_assignee, reader)}


# Fields that use the full-text index.
BY_WORDS = frozenset(("", "from", "to", "cc", "bcc", "subject", "header"))
