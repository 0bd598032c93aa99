"""Reads the values of terms, and explains what is wrong with a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.errors import BadRequest
from inbox.search import periods
from mailsink.ids import parse_short_id

Condition = Callable[[str], Q]

# The time zone of the searching user: inbox.http.zone sets it for each request.
ZONE: ContextVar[tzinfo] = ContextVar("ZONE", default=UTC)


class BadQuery(BadRequest):
    """A query that cannot be parsed.

    wrong: the reason, in a sentence; suggestion: a valid query that may be meant, or
    "". A function that reads a value suggests another value.
    """

    def __init__(self, wrong: str, suggestion: str = "") -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.suggestion = suggestion

    def __str__(self) -> str:
        if not self.suggestion:
            return self.wrong
        meant = _("Did you mean %(suggestion)s?") % {"suggestion": self.suggestion}
        return f"{self.wrong} {meant}"

    @property
    def members(self) -> dict[str, str]:
        """The members of a JSON answer in addition to its sentence."""
        return {"suggestion": self.suggestion} if self.suggestion else {}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most similar to a word; "" if none is similar."""
    near = difflib.get_close_matches(word[:_LONGEST_WORD], sorted(known), 1)
    return near[0] if near else ""


_LONGEST_WORD = 40  # characters that are compared


def time(value: str) -> datetime:
    """Return the start of a time, as people type it. Raises BadQuery."""
    return _period(value).start


def day(value: str) -> tuple[datetime, datetime]:
    """Return the start and the end of a day, week, month or year; for a moment, of its day.

    Raises BadQuery.
    """
    found = _period(value)
    if found.start == found.end:
        found = periods.day_of(found.start, _now())
    return found.start, found.end


def is_date(value: str) -> bool:
    """Whether a text is a date or a time."""
    return periods.period(value, _now()) is not None


def _now() -> datetime:
    return datetime.now(ZONE.get())


def _period(value: str) -> periods.Period:
    if found := periods.period(value, _now()):
        return found
    raise BadQuery(
        _('Not a date: "%(value)s". Try 2026-01-31, yesterday, 2h or 3d.')
        % {"value": value},
        nearest(value.lower(), periods.WORDS),
    )


_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?) ?([kmg]?)(?:i?b|bytes)?", re.IGNORECASE)


def size(value: str) -> int:
    """Return a size in bytes, as people type it: 500, 10K, 1.5MB. Raises BadQuery."""
    if not (found := _SIZE.fullmatch(value)):
        raise BadQuery(
            _('Not a size: "%(value)s". Try 500K, 2M or 1G.') % {"value": value}
        )
    factor = 1 << {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()]
    return int(float(found[1]) * factor)


def codes(value: str) -> tuple[int, int]:
    """Return the first and the last reply code of a value such as 451 or 4xx."""
    if re.fullmatch(r"[2-5]xx", value, re.IGNORECASE):
        return int(value[0]) * 100, int(value[0]) * 100 + 99
    if not re.fullmatch(r"[2-5]\d\d", value):
        first = value[:1] if value[:1] in "2345" else ""
        raise BadQuery(
            _('Not a reply code: "%(value)s". Try 451 or 4xx.') % {"value": value},
            f"{first}xx" if first else "",
        )
    return int(value), int(value)


def sessions(field: str, value: str) -> Q:
    """Match the session with this id, or with this beginning of a short id."""
    try:
        if len(value) == 36:
            return Q(**{field: UUID(value)})
        head, hyphen, seq = value.partition("-")
        first, last, _seq = parse_short_id(f"{head}-{seq if hyphen else 0}")
    except ValueError:
        raise BadQuery(
            _(
                'Not a session: "%(value)s". Use its id, or the short id at the end of '
                "a link to it."
            )
            % {"value": value}
        ) from None
    return Q(**{f"{field}__range": (first, last)})


def unknown(term: str, value: str, known: Iterable[str]) -> BadQuery:
    """Return the error for a value that a field does not accept."""
    return BadQuery(
        _('Unknown value "%(term)s:%(value)s". Use one of: %(known)s.')
        % {"term": term, "value": value, "known": ", ".join(sorted(known))},
        nearest(value.lower(), known),
    )


def one_of(term: str, values: dict[str, Q]) -> Condition:
    def condition(value: str) -> Q:
        try:
            return values[value.lower()]
        except KeyError:
            raise unknown(term, value, values) from None

    return condition
