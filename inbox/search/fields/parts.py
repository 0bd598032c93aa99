"""The building blocks of conditions, shared by several tables."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import Any, get_args

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from inbox.models import Exchange, Recipient, Transaction
from inbox.models.session import REFUSED
from inbox.search.few import FEW
from inbox.search.fields.values import BadQuery, unknown
from inbox.search.sql import HasAddress, IsAddress, fits, has, same
from mailsink.smtp.protocol.events import Ending

ENDINGS: tuple[str, ...] = get_args(Ending)
MAX_WILD = 8  # each * can make matching a text slower
STATUSES = ("new", "ok", "bug")
IS = ("read", "unread", "pinned", "deleted", "accepted", "rejected", "live",
      "probe", *STATUSES)  # fmt: skip

# A whole address, with a dot in its domain, so that no more of it must follow. A longer
# address that contains it, as joann@example.com.au contains ann@example.com, is another
# one.
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\".]+(?:\.[^\s@<>\".]+)+")


def is_address(value: str) -> bool:
    """Whether a term has a whole address, and not a part of one."""
    return _ADDRESS.fullmatch(value) is not None


def address(field: str, value: str) -> Q:
    """Match a column of addresses: by a whole address, or by a part of one."""
    return same(field, value) if is_address(value) else has(field, value)


def listed(field: str, value: str) -> Q:
    """Match a list of names and addresses: by a whole address, or by a part of either."""
    return Q((IsAddress if is_address(value) else HasAddress)(field, value))


def rows_of(field: str, rows: QuerySet[Any], column: str, **also: str) -> Q:
    """Match the rows whose field is among the values of a column of other rows.

    One pass over the other table takes a tenth of the time of one look-up for each
    message, and a search with few hits checks all messages. If only a few messages are
    checked, each is looked up. also: a further pair of fields that join the rows, for
    the look-up
    """
    if not FEW.get():
        return Q(**{f"{field}__in": rows.values(column)})
    same = {name: OuterRef(other) for name, other in {column: field, **also}.items()}
    return Q(Exists(rows.filter(**same)))


def recipient(field: str, condition: Q) -> Q:
    return rows_of(field, Recipient.objects.filter(condition), "transaction_id")


def addressed_to(pattern: str) -> Q:
    """Match a recipient of the envelope with a pattern for its whole address, with * and ?."""
    if pattern.count("*") > MAX_WILD:
        raise BadQuery(
            _("Too many * in rcpt: it takes at most %(max_wild)s.")
            % {"max_wild": MAX_WILD}
        )
    return fits("forward_path", pattern)


def code_within(column: str, codes: tuple[int, int]) -> Q:
    """Match a reply code. codes: the first and the last; codes that refuse have an index"""
    found = Q(**{f"{column}__range": codes})
    if codes[0] >= REFUSED:
        # as in the condition of the partial index
        found &= Q(**{f"{column}__gte": REFUSED})
    return found


def recipient_code(field: str, codes: tuple[int, int]) -> Q:
    first, late = (code_within(each, codes) for each in ("rcpt_code", "final_code"))
    if codes[0] < REFUSED:
        return recipient(field, first | late)
    # Two conditions, since each column has its own index
    return recipient(field, first) | recipient(field, late)


def envelope_from(value: str) -> Q:
    rows = Transaction.objects.filter(has("reverse_path", value))
    return rows_of("transaction", rows, "pk")


def exchanges(field: str, column: str, condition: Q, session: str) -> Q:
    """Match by exchanges. session: the field with their session, the only index for them"""
    rows = Exchange.objects.filter(condition, **{f"{column}__isnull": False})
    return rows_of(field, rows, column, session_id=session)


def verb(value: str) -> Q:
    return Q(verb=value.upper())


def client(value: str, session: str = "") -> Q:
    """Match the client: its address, its name in EHLO, its user name."""
    value = value.rstrip("*") or value  # 10.0.3.*
    names = ("client_address", "helo", "auth_username")
    return reduce(or_, (has(f"{session}{name}", value) for name in names))


def ending(value: str, session: str = "") -> Q:
    if value.lower() not in ENDINGS:
        raise unknown("ending", value, ENDINGS)
    return Q(**{f"{session}ending": value.lower()})


def rule(value: str) -> Q:
    """Match the rule behind a reply.

    It is a rule by its number or a part of its name, an address that asked for the
    reply, or the entry of a provider.
    """
    number = value.removeprefix("#")
    if not (number.isascii() and number.isdigit()):
        return ~Q(rule="") & has("rule", value)
    found = _numbered(f"#{number}")
    if value == number:  # a number can be in an address too, as in rcpt550@
        found |= ~Q(rule="") & ~Q(rule__startswith="#") & has("rule", value)
    return found


def _numbered(name: str) -> Q:
    """Match a rule's number in the list of rules that acted."""
    first = (
        Q(rule=name) | Q(rule__startswith=f"{name} ") | Q(rule__startswith=f"{name},")
    )
    later = Q(rule__contains=f", {name} ") | Q(rule__contains=f", {name},")
    return first | later | Q(rule__endswith=f", {name}")
