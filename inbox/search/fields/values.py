"""The values that terms take, read; what is wrong with one is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.errors import BadRequest
from mailsink.ids import parse_short_id

Condition = Callable[[str], Q]


class BadQuery(BadRequest):
    """A query that cannot be read; the text says why, and what to write instead."""


def time(value: str) -> datetime:
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


def size(value: str) -> int:
    size = re.fullmatch(r"(\d{1,12})([KkMmGg]?)", value)
    if not size:
        raise BadQuery(
            _('"%(value)s" is no size: write octets, or as 10K, 2M, 1G')
            % {"value": value}
        )
    return int(size[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[size[2].upper()]


def codes(value: str) -> tuple[int, int]:
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


def sessions(field: str, value: str) -> Q:
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


def one_of(term: str, values: dict[str, Q]) -> Condition:
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
