"""Date fields (RFC 5322 §3.3, §4.3) -> times in UTC, and their defects.

Tolerant: dates in the forms of C, JavaScript, Java and ISO 8601 are read too. Never
raises; only the first 1000 characters of a value count.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mailsink.mime.timezones import named
from mailsink.translatable import TranslatableText, gettext_noop

_LONGEST = 1000
_LONGEST_PLAIN = 200  # the same without comments
_MOST_EAST = timedelta(hours=14)  # no place on earth is further from UTC

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
# Hours east of UTC: the only words with a meaning in RFC 5322 §4.3
_ZONES = {"UT": 0, "GMT": 0, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6}
_ZONES |= {"MDT": -6, "MST": -7, "PDT": -7, "PST": -8}
_ZONES |= {"UTC": 0, "Z": 0}  # by common practice
# Words with one meaning that are not in the RFC
_OTHER_ZONES = {
    "WET": 0, "WEST": 1, "CET": 1, "MET": 1, "MEZ": 1, "CEST": 2, "MEST": 2,
    "MESZ": 2, "EET": 2, "SAST": 2, "EEST": 3, "MSK": 3, "PKT": 5, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13, "HST": -10, "AKST": -9, "AKDT": -8,
}  # fmt: skip
_PLACES = {
    "EST5EDT": "America/New_York", "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver", "PST8PDT": "America/Los_Angeles",
}  # fmt: skip

_FORM_OF_RFC = (
    r"\s*+(?:(?P<weekday>[A-Z][a-z][a-z])\s*+,)?+\s*+(\d{1,2})\s++"
    r"([A-Z][a-z][a-z])\s++(\d{4})\s++"
    r"(\d\d)\s*+:\s*+(\d\d)(?:\s*+:\s*+(\d\d))?+\s++([+-]\d\d[0-5]\d|[A-Z]{1,3})"
    r"(?:\s*+\([^()\\]*+\))?+\s*+"
)
_REGULAR = re.compile(_FORM_OF_RFC, re.ASCII).fullmatch  # faster than ignoring case
_IN_ANY_CASE = re.compile(_FORM_OF_RFC, re.ASCII | re.IGNORECASE).fullmatch


class DateReading(NamedTuple):
    """A date's time in UTC, None if it is no date; and its defect."""

    at: datetime | None
    defect: TranslatableText | None


def parse_date(value: str) -> datetime | None:
    """Return a Date field's time in UTC; None if it is no date."""
    found = _REGULAR(value)
    if found is None or (east := _east(found[8])) is None:
        return _read(value[:_LONGEST]).at
    return _moment(found, east)


def defect(value: str) -> TranslatableText | None:
    """Return the defect or the doubt in a Date field; None if there is none."""
    return _read(value[:_LONGEST]).defect


@lru_cache(maxsize=64)
def _east(zone: str) -> timedelta | None:
    """Return how far east of UTC a zone is; None for a word without a meaning."""
    if zone[0] not in "+-":
        hours = _ZONES.get(zone.upper())
        return None if hours is None else timedelta(hours=hours)
    east = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return -east if zone[0] == "-" else east


def _moment(found: re.Match[str], east: timedelta) -> datetime | None:
    _, day, month, year, hour, minute, second, _ = found.groups()
    if second == "60":  # a leap second
        second = "59"
    try:
        return datetime(
            int(year), _MONTHS[month.title()], int(day), int(hour), int(minute),
            int(second or 0), tzinfo=UTC,
        ) - east  # fmt: skip
    except (ValueError, KeyError, OverflowError):
        return None


_NONE = gettext_noop('The Date "%(value)s" is not a date (RFC 5322 §3.3)')
_WEEKDAY = gettext_noop(
    'The day of the week in the Date "%(value)s" is wrong (RFC 5322 §3.3)'
)
_FAR = gettext_noop(
    'The time zone of the Date "%(value)s" is farther from UTC than any time zone'
)
_FORM = gettext_noop(
    'The Date "%(value)s" is not in the form of RFC 5322 §3.3; it is read as %(read)s UTC'
)
_NO_ZONE = gettext_noop(
    'The Date "%(value)s" has no time zone; it is read as UTC (RFC 5322 §3.3)'
)
_UNKNOWN_ZONE = gettext_noop(
    'The time zone in the Date "%(value)s" is ambiguous; it is read as UTC (RFC 5322 '
    "§4.3)"
)


def _read(value: str) -> DateReading:
    """Return the reading of a date in any form."""
    shown = value.strip()[:80]
    plain = _without_comments(value)
    found = _IN_ANY_CASE(plain)
    east = _east(found[8]) if found else None
    if found is None or east is None:
        return _read_loosely(plain, shown)
    at = _moment(found, east)
    if at is None:
        return DateReading(None, TranslatableText(_NONE, value=shown))
    if found["weekday"] and found["weekday"].title() != _DAYS[(at + east).weekday()]:
        return DateReading(at, TranslatableText(_WEEKDAY, value=shown))
    if abs(east) > _MOST_EAST:
        return DateReading(at, TranslatableText(_FAR, value=shown))
    return DateReading(at, None)


_COMMENT_MARK = re.compile(r"\\.|[()]", re.DOTALL)


def _without_comments(value: str) -> str:
    """Return a value with a space for each comment, also nested (RFC 5322 §3.2.2)."""
    if "(" not in value:
        return value
    kept: list[str] = []
    depth = end = 0
    for mark in _COMMENT_MARK.finditer(value):
        if mark[0] == "(":
            if depth == 0:
                kept.append(value[end : mark.start()])
            depth += 1
        elif mark[0] == ")" and depth:
            depth -= 1
            end = mark.end()
    return " ".join([*kept, value[end:] if depth == 0 else ""])


_TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})\s*[:.]\s*(?P<minute>\d\d)(?:\s*[:.]\s*(?P<second>\d{1,2})(?:[.,]\d+)?)?"
    r"(?!\d)(?:\s*(?P<half>[AaPp])\.?[Mm]\b\.?)?"
)
_WEEKDAY_FIRST = r"[\s,]*+(?:(?P<weekday>[^\W\d_]{1,12})[.,\s]++)?"
_DATES = [
    re.compile(_WEEKDAY_FIRST + pattern)
    for pattern in (
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s/-]*+(?P<month>[A-Za-z]{3,9})\.?"
        r"(?:[\s,/'-]*+(?P<year>\d{2,4}))?",
        r"(?P<month>[A-Za-z]{3,9})\.?[\s-]*+(?P<day>\d{1,2})(?:st|nd|rd|th)?"
        r"(?:[\s,-]++(?P<year>\d{2,4}))?",
        r"(?P<year>\d{4})[/-](?P<month>\d{1,2}|[A-Za-z]{3})[/-](?P<day>\d{1,2})",
    )
]
# ISO 8601, with or without separators
_COMPACT = re.compile(r"\b(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d)(?::?(\d\d))?")
_PLAINER = {0x2212: "-", ord('"'): " "}  # U+2212 is the typographic minus
_YEAR = re.compile(r"(?<![\d:+-])\d{4}\s*\Z")
_YEAR_FIRST = re.compile(r"\s+(?P<year>\d{4})(?=\s+[+-]?\w)")


def _read_loosely(plain: str, shown: str) -> DateReading:
    """Return the reading of a date without comments that has no form of the RFC."""
    none = DateReading(None, TranslatableText(_NONE, value=shown))
    plain = _COMPACT.sub(_spaced, plain[:_LONGEST_PLAIN].translate(_PLAINER))
    clock = _TIME.search(plain)
    if clock is None:
        return none
    before = plain[: clock.start()].rstrip(" ,T-").removesuffix(" at").rstrip(" ,")
    day = next((each for one in _DATES if (each := one.fullmatch(before))), None)
    if day is None:
        return none
    behind, year = plain[clock.end() :], day["year"]
    if year is None and (first := _YEAR_FIRST.match(behind)):
        behind, year = behind[first.end() :], first["year"]
    elif year is None and (last := _YEAR.search(behind)):
        behind, year = behind[: last.start()], last[0].strip()
    local = _local(day, year, clock)
    return _in_zone(local, behind, day["weekday"], shown) if local else none


def _spaced(compact: re.Match[str]) -> str:
    year, month, day, hour, minute, second = compact.groups()
    return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}"


def _local(
    day: re.Match[str], year: str | None, clock: re.Match[str]
) -> datetime | None:
    """Return the local time that a date shows."""
    hour, second, half = int(clock["hour"]), int(clock["second"] or 0), clock["half"]
    if year is None or second > 60:
        return None
    if half and hour <= 12:
        hour = hour % 12 + (12 if half in "Pp" else 0)
    name = day["month"]
    month = int(name) if name.isdigit() else _MONTHS.get(name[:3].title(), 0)
    try:
        return datetime(
            _full(year), month, int(day["day"]), hour, int(clock["minute"]),
            min(second, 59), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None


def _full(year: str) -> int:
    """Return a year of two or three digits in full (RFC 5322 §4.3)."""
    if len(year) > 3:
        return int(year)
    return int(year) + (2000 if len(year) == 2 and int(year) < 50 else 1900)


_OFFSET = re.compile(
    r"[\s,]*+(?P<word>[A-Za-z]{1,5})?\s*+(?P<sign>[+-])\s*(?P<hours>\d{1,2}?):?(?P<minutes>[0-5]\d)?(?!\d)(?(word)(?![A-Za-z]))"
)
_UNSIGNED = re.compile(r"[\s,]*(?P<hours>[01]\d)(?P<minutes>[0-5]\d)\b")
_WORD = re.compile(r"[\s,]*(?P<word>[A-Za-z][A-Za-z0-9]*)(?![A-Za-z0-9/+-])")
_PLACE = re.compile(r"[\s,]*(?P<place>[A-Za-z]+(?:/[A-Za-z_-]+){1,2})\b")


def _in_zone(
    local: datetime, zone: str, weekday: str | None, shown: str
) -> DateReading:
    """Return the reading of a local time, from the text after it."""
    east = _loose_east(local, zone)
    try:
        at = local - (east or timedelta())
    except OverflowError:
        return DateReading(None, TranslatableText(_NONE, value=shown))
    if east is None:
        missing = not zone.strip(" ,")
        return DateReading(
            at, TranslatableText(_NO_ZONE if missing else _UNKNOWN_ZONE, value=shown)
        )
    day = (weekday or "")[:3].title()
    if day in _DAYS and day != _DAYS[local.weekday()]:  # else it may be any language
        return DateReading(at, TranslatableText(_WEEKDAY, value=shown))
    if abs(east) > _MOST_EAST:
        return DateReading(at, TranslatableText(_FAR, value=shown))
    return DateReading(
        at, TranslatableText(_FORM, value=shown, read=f"{at:%Y-%m-%d %H:%M:%S}")
    )


def _loose_east(local: datetime, zone: str) -> timedelta | None:
    """Return how far east of UTC a zone in any form is; None if that is unknown.

    An offset has priority over the word before it, as in GMT+0200.
    """
    if found := _OFFSET.match(zone) or _UNSIGNED.match(zone):
        hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
        east = timedelta(hours=hours, minutes=minutes)
        return -east if "-" in found[0] else east
    if found := _PLACE.match(zone):
        place = named(found["place"])
        return local.replace(tzinfo=place).utcoffset() if place else None
    word = _WORD.match(zone)
    if word is None:
        return None
    name = word["word"].upper()
    if of_place := _PLACES.get(name):
        return local.replace(tzinfo=ZoneInfo(of_place)).utcoffset()
    hours_east = (_ZONES | _OTHER_ZONES).get(name)
    return None if hours_east is None else timedelta(hours=hours_east)
