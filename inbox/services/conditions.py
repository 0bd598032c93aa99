"""What each term of the search language means for messages, transactions and sessions.

A field of one of the tables is a function from the term's value to a condition; a
field that a table lacks matches nothing there. A bad value raises BadQuery.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import get_args
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from inbox.models import Exchange, MessageRead, Recipient, Transaction
from inbox.services.fulltext import matches
from inbox.services.matching import EVERYTHING, NOTHING, HasAddress, HasText, fits, has
from mailsink.ids import first_at, parse_short_id
from mailsink.smtp.events import Ending

_COMMITTED_WITHIN = 24 * 3600  # seconds after it was received, at the very most
MAX_WILD = 8  # each * can make matching a text longer
Condition = Callable[[str], Q]
ENDINGS: tuple[str, ...] = get_args(Ending)


class BadQuery(ValueError):
    """What is wrong with a query, and what to write instead."""


# Values


def _time(value: str) -> datetime:
    """Return a day's start (UTC), an RFC 3339 time, or the time so long ago."""
    if ago := re.fullmatch(r"(\d{1,6})([smhdw])", value):
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[ago[2]]
        try:
            return datetime.now(UTC) - timedelta(seconds=int(ago[1]) * unit)
        except OverflowError:
            return datetime(1, 1, 1, tzinfo=UTC)
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQuery(
            _(
                '"%(value)s" is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or how '
                "long ago, as 10m, 2h or 3d"
            )
            % {"value": value}
        ) from None


def _size(value: str) -> int:
    size = re.fullmatch(r"(\d{1,12})([KkMmGg]?)", value)
    if not size:
        raise BadQuery(
            _('"%(value)s" is no size: write octets, or as 10K, 2M, 1G')
            % {"value": value}
        )
    return int(size[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[size[2].upper()]


def _codes(value: str) -> tuple[int, int]:
    """Return the first and the last of the codes that a value writes: 451, or 4xx."""
    if re.fullmatch(r"[2-5]xx", value, re.IGNORECASE):
        return int(value[0]) * 100, int(value[0]) * 100 + 99
    if not re.fullmatch(r"[2-5]\d\d", value):
        raise BadQuery(
            _(
                '"%(value)s" is no reply code: write three digits, as code:451, or code:4xx'
            )
            % {"value": value}
        )
    return int(value), int(value)


def _sessions(field: str, value: str) -> Q:
    """Return: the session with this id, or with this beginning of a short id."""
    try:
        if len(value) == 36:
            return Q(**{field: UUID(value)})
        head, hyphen, seq = value.partition("-")
        first, last, _seq = parse_short_id(f"{head}-{seq if hyphen else 0}")
    except ValueError:
        raise BadQuery(
            _('"%(value)s" is no session: write its id, or the short id of a link')
            % {"value": value}
        ) from None
    return Q(**{f"{field}__range": (first, last)})


def _one_of(term: str, values: dict[str, Q]) -> Condition:
    def condition(value: str) -> Q:
        try:
            return values[value.lower()]
        except KeyError:
            known = ", ".join(sorted(values))
            raise BadQuery(
                _("there is no %(term)s:%(value)s; there is %(known)s")
                % {"term": term, "value": value, "known": known}
            ) from None

    return condition


# Parts of several conditions


# Subqueries are not correlated: one pass over a table takes a tenth of the time that a
# look-up for each message does, and a search that finds little looks at all of them.


def _recipient(field: str, condition: Q) -> Q:
    rows = Recipient.objects.filter(condition)
    return Q(**{f"{field}__in": rows.values("transaction_id")})


def _addressed_to(pattern: str) -> Q:
    """Match a recipient of the envelope by a pattern: its whole address, with * and ?."""
    if pattern.count("*") > MAX_WILD:
        raise BadQuery(_("rcpt: takes at most %(max_wild)s *") % {"max_wild": MAX_WILD})
    return fits("forward_path", pattern)


def _recipient_code(field: str, codes: tuple[int, int]) -> Q:
    return _recipient(field, Q(rcpt_code__range=codes) | Q(final_code__range=codes))


def _envelope_from(value: str) -> Q:
    rows = Transaction.objects.filter(has("reverse_path", value))
    return Q(transaction__in=rows.values("pk"))


def _exchanges(field: str, column: str, condition: Q) -> Q:
    rows = Exchange.objects.filter(condition, **{f"{column}__isnull": False})
    return Q(**{f"{field}__in": rows.values(column)})


def _verb(value: str) -> Q:
    return Q(verb=value.upper())


def _client(value: str, session: str = "") -> Q:
    """Match who the client is: its address, its name in EHLO, its user name."""
    value = value.rstrip("*") or value  # 10.0.3.*
    names = ("client_address", "helo", "auth_username")
    return reduce(or_, (has(f"{session}{name}", value) for name in names))


def _ending(value: str, session: str = "") -> Q:
    if value.lower() not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise BadQuery(
            _("there is no ending:%(value)s; there is %(known)s")
            % {"value": value, "known": known}
        )
    return Q(**{f"{session}ending": value.lower()})


def _rule(value: str) -> Q:
    return ~Q(rule="") & has("rule", value)


# Messages


def _message_header(value: str) -> Q:
    name, colon, text = value.partition(":")
    conditions = {
        "from": lambda: has("from_name", text) | has("from_address", text),
        "to": lambda: Q(HasAddress("to", text)),
        "cc": lambda: _message_cc(text),
        "subject": lambda: _message_subject(text),
        "message-id": lambda: has("message_id", text),
    }
    if not colon or name.lower() not in conditions:
        raise BadQuery(
            _(
                "header: takes a name and a text, as header:Subject:invoice; the names "
                "it knows are From, To, Cc, Subject and Message-ID"
            )
        )
    return conditions[name.lower()]()


def _message_from(value: str) -> Q:
    return matches(value, "sender") or (
        has("from_name", value) | has("from_address", value) | _envelope_from(value)
    )


def _message_to(value: str) -> Q:
    in_header, named = Q(HasAddress("to", value)), has("forward_path", value)
    found = matches(value, "recipients")
    if found is None:
        return in_header | _recipient("transaction", named)
    # The index has Cc among the recipients: what it finds is looked at more closely.
    own = Recipient.objects.filter(named, transaction=OuterRef("transaction"))
    return found & (in_header | Q(Exists(own)))


def _message_cc(value: str) -> Q:
    found = matches(value, "recipients") or EVERYTHING
    return found & Q(HasAddress("cc", value))


def _message_subject(value: str) -> Q:
    return matches(value, "subject") or has("subject", value)


def _message_bcc(value: str) -> Q:
    shown = Q(HasAddress("to", value)) | Q(HasAddress("cc", value))
    return _recipient("transaction", has("forward_path", value)) & ~shown


# Ids are in the order of the commits, and indexed; a message is received before that.


def _message_before(value: str) -> Q:
    at = _time(value)
    return Q(received_at__lt=at, pk__lt=first_at(at.timestamp() + _COMMITTED_WITHIN))


def _message_after(value: str) -> Q:
    at = _time(value)
    return Q(received_at__gte=at, pk__gte=first_at(at.timestamp()))


def _message_code(value: str) -> Q:
    codes = _codes(value)
    # Not by a join: that would look up the transaction of each message, one by one.
    of_body = Transaction.objects.filter(code__range=codes)
    return Q(transaction__in=of_body.values("pk")) | _recipient_code(
        "transaction", codes
    )


def _message_word(value: str) -> Q:
    """What a word without a field means; one of no letters and digits is no word."""
    return matches(value) or (
        has("subject", value)
        | has("snippet", value)
        | has("from_name", value)
        | Q(HasAddress("to", value))
    )


_READ = Q(Exists(MessageRead.objects.filter(message=OuterRef("pk"), user=None)))
STATUSES = ("new", "ok", "bug")
IS = ("read", "unread", "pinned", "deleted", "accepted", "rejected", "live", *STATUSES)

MESSAGES: dict[str, Condition] = {
    "": _message_word,
    "from": _message_from,
    "to": _message_to,
    "cc": _message_cc,
    "bcc": _message_bcc,
    "rcpt": lambda value: _recipient("transaction", _addressed_to(value)),
    "subject": _message_subject,
    "header": _message_header,
    "tag": lambda value: Q(HasText("tags", value)),
    "is": _one_of(
        "is",
        {
            **dict.fromkeys(IS, NOTHING),
            "read": _READ,
            "unread": ~_READ,
            "pinned": Q(pinned=True),
            "deleted": Q(deleted_at__isnull=False),
            "accepted": EVERYTHING,
            **{status: Q(status=status) for status in STATUSES},
        },
    ),
    "has": _one_of(
        "has",
        {
            **dict.fromkeys(("attachment", "attachments"), Q(attachments__gt=0)),
            "note": ~Q(note=""),
        },
    ),
    "before": _message_before,
    "after": _message_after,
    "larger": lambda value: Q(size__gt=_size(value)),
    "smaller": lambda value: Q(size__lt=_size(value)),
    "code": _message_code,
    "verb": lambda value: _exchanges(
        "transaction__session", "session_id", _verb(value)
    ),
    "rule": lambda value: _exchanges("transaction", "transaction_id", _rule(value)),
    "client": lambda value: _client(value, "transaction__session__"),
    "ending": lambda value: _ending(value, "transaction__session__"),
    "session": lambda value: _sessions("transaction__session__pk", value),
    "inbox": lambda value: Q(inbox__slug=value.lower()),
}


# Fields that are looked up in the index of the full text.
BY_WORDS = frozenset(("", "from", "to", "cc", "bcc", "subject", "header"))


# Transactions that were not accepted


def _transaction_word(value: str) -> Q:
    return has("reverse_path", value) | _recipient("pk", has("forward_path", value))


def _transaction_code(value: str) -> Q:
    codes = _codes(value)
    return Q(code__range=codes) | _recipient_code("pk", codes)


TRANSACTIONS: dict[str, Condition] = {
    "": _transaction_word,
    "from": lambda value: has("reverse_path", value),
    "to": lambda value: _recipient("pk", has("forward_path", value)),
    "rcpt": lambda value: _recipient("pk", _addressed_to(value)),
    "is": _one_of("is", {**dict.fromkeys(IS, NOTHING), "rejected": EVERYTHING}),
    "before": lambda value: Q(pk__lt=first_at(_time(value).timestamp())),
    "after": lambda value: Q(pk__gte=first_at(_time(value).timestamp())),
    "larger": lambda value: Q(raw__size__gt=_size(value)),
    "smaller": lambda value: Q(raw__size__lt=_size(value)),
    "code": _transaction_code,
    "verb": lambda value: _exchanges("session", "session_id", _verb(value)),
    "rule": lambda value: _exchanges("pk", "transaction_id", _rule(value)),
    "client": lambda value: _client(value, "session__"),
    "ending": lambda value: _ending(value, "session__"),
    "session": lambda value: _sessions("session__pk", value),
    "inbox": MESSAGES["inbox"],
}


# Sessions


def _session_from(value: str) -> Q:
    rows = Transaction.objects.filter(has("reverse_path", value))
    return Q(pk__in=rows.values("session_id"))


def _session_to(value: str) -> Q:
    rows = Recipient.objects.filter(has("forward_path", value))
    return Q(pk__in=rows.values("transaction__session_id"))


def _session_rcpt(value: str) -> Q:
    rows = Recipient.objects.filter(_addressed_to(value))
    return Q(pk__in=rows.values("transaction__session_id"))


def _session_word(value: str) -> Q:
    return (
        has("client_address", value)
        | has("helo", value)
        | has("auth_username", value)
        | _session_from(value)
        | _session_to(value)
    )


SESSIONS: dict[str, Condition] = {
    "": _session_word,
    "from": _session_from,
    "to": _session_to,
    "rcpt": _session_rcpt,
    "is": _one_of(
        "is",
        {
            **dict.fromkeys(IS, NOTHING),
            "live": Q(ending__isnull=True),
            "accepted": Q(messages__gt=0),
            "rejected": Q(refused__gt=0),
        },
    ),
    "before": lambda value: Q(opened_at__lt=_time(value)),
    "after": lambda value: Q(opened_at__gte=_time(value)),
    "code": lambda value: _exchanges("pk", "session_id", Q(code__range=_codes(value))),
    "verb": lambda value: _exchanges("pk", "session_id", _verb(value)),
    "rule": lambda value: _exchanges("pk", "session_id", _rule(value)),
    "client": _client,
    "ending": _ending,
    "session": lambda value: _sessions("pk", value),
    "inbox": MESSAGES["inbox"],
}
