"""Dates and times as people type them: "yesterday", "monday", "last week", "2h", "31 Jan", "9am".

Pure: the caller gives the current moment, in the reader's time zone.

Written by hand, since the libraries guess: dateutil takes "monday" for the next one and
"10" for a day, dateparser reads "may" and "sat" in sentences and is slow on hostile
text. A search needs the last Monday, or an error.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

LONGEST = 40  # characters
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs"), "second"),
    **dict.fromkeys(("m", "min", "mins"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs"), "hour"),
    "d": "day",
    **dict.fromkeys(("w", "wk", "wks"), "week"),
    "mo": "month",
    **dict.fromkeys(("y", "yr", "yrs"), "year"),
    **{each: each for each in (*_SECONDS, "month", "year")},
    **{f"{each}s": each for each in (*_SECONDS, "month", "year")},
}
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = (
    "january february march april may june july august september october november "
    "december"
).split()
_CALENDAR = ("day", "week", "month", "year")
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}

# The suggestions for an unknown word.
WORDS = (*_DAYS, *_WEEKDAYS, *_MONTHS, *(f"last {each}" for each in _CALENDAR[1:]))

_AGO = re.compile(r"(?:(last|past) )?(?:(\d{1,6}) ?|(an?) )?([a-z]+)( ago)?")
_CLOCK = re.compile(
    r"(?:at )?(?:(\d{1,2})(?::(\d\d))?(?::(\d\d))? ?(am|pm)?|(noon|midnight))"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
# The limits of a day's length: clock changes make a day an hour shorter or longer.
_LESS, _MORE = timedelta(hours=22), timedelta(hours=26)
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")


@dataclass(frozen=True, slots=True)
class Period:
    """From start up to, not including, end, both in UTC; a moment has no length."""

    start: datetime
    end: datetime


def period(text: str, now: datetime) -> Period | None:
    """Return the time that a text names, or None. now: the moment, in the reader's zone.

    A weekday, month or day without a year is the last one that has begun.
    """
    if len(text) > LONGEST or not text.isascii():
        return None
    with suppress(ValueError, OverflowError):
        if found := _iso(text.strip(), now):
            return found
    words = " ".join(re.split(r"[\s_,]+|(?<=[a-z])-|-(?=[a-z])", text.strip().lower()))
    for read in (_ago, _numbers, _named, _with_clock):
        with suppress(ValueError, OverflowError):
            if found := read(words.strip(), now):
                return found
    return None


def day_of(at: datetime, now: datetime) -> Period:
    """Return the day of a moment, in the time zone of `now`.

    At the ends of the calendar, where that day is incomplete, return the moment itself.
    """
    try:
        return _days(at.astimezone(now.tzinfo).date(), 1, now)
    except OverflowError:
        return _moment(at)


def _iso(text: str, now: datetime) -> Period | None:
    """Read RFC 3339 and ISO 8601; a time without an offset is the reader's."""
    with suppress(ValueError):
        week = text[-3:-2] in ("W", "w")  # 2026-W05
        return _days(date.fromisoformat(text), 7 if week else 1, now)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    return _moment(at)


def _ago(words: str, now: datetime) -> Period | None:
    """Read "2h", "3 days ago", "an hour ago", "last 7 days", "past week"; "now"."""
    if words == "now":
        return _moment(now)
    match = _AGO.fullmatch(words)
    unit = match and _UNITS.get(match[4])
    if not match or not unit:
        return None
    span, number, one = match[1], match[2], match[3]
    whole = span == "last" and unit in _CALENDAR  # such as "last week": _named reads it
    if not number and not one and (span is None or whole):
        return None
    count = int(number or 1)
    try:
        if unit in _SECONDS:
            passed = timedelta(seconds=count * _SECONDS[unit])
            return _moment(now.astimezone(UTC) - passed)
        return _moment(_months_before(now, count * (12 if unit == "year" else 1)))
    except (ValueError, OverflowError):
        return _moment(EARLIEST)


def _months_before(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    last = (_first_of(year, month + 2) - timedelta(days=1)).day
    return now.replace(year=year, month=month + 1, day=min(now.day, last))


def _numbers(words: str, now: datetime) -> Period | None:
    """Read "2026", "2026-01", "2026/1/31", "31.1.2026", and "31/1/2026" if it is no other."""
    if re.fullmatch(r"\d{4}", words):
        return _between(_first_of(int(words), 1), _first_of(int(words) + 1, 1), now)
    if match := _YEAR_FIRST.fullmatch(words):
        year, month = int(match[1]), int(match[2])
        if match[3]:
            return _days(date(year, month, int(match[3])), 1, now)
        return _month(year, month, now)
    if match := _YEAR_LAST.fullmatch(words):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] == "/" and first <= 12 and second <= 12 and first != second:
            return None  # either number may be the month
        day, month = (second, first) if second > 12 else (first, second)
        return _days(date(year, month, day), 1, now)
    return None


def _named(words: str, now: datetime) -> Period | None:
    """Read "today", "tue", "last friday", "this week", "last month", "31 Jan 2026"."""
    today = now.date()
    if words in _DAYS:
        return _days(today + timedelta(days=_DAYS[words]), 1, now)
    which, _, name = words.rpartition(" ")
    if which in ("", "this", "last", "previous"):
        last = which in ("last", "previous")
        if (at := _place(name, _WEEKDAYS)) is not None:
            back = (today.weekday() - at) % 7 or (7 if last else 0)
            return _days(today - timedelta(days=back), 1, now)
        if found := _calendar(name, last, now):
            return found
    return _day_and_month(words.split(), now)


def _calendar(unit: str, last: bool, now: datetime) -> Period | None:
    """Return this day, week (from Monday), month or year, or the previous one."""
    today = now.date()
    if unit == "day":
        return _days(today - timedelta(days=last), 1, now)
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * last)
        return _days(monday, 7, now)
    if unit == "month":
        year, month = divmod(today.year * 12 + today.month - 1 - last, 12)
        return _month(year, month + 1, now)
    if unit == "year":
        year = today.year - last
        return _between(_first_of(year, 1), _first_of(year + 1, 1), now)
    return None


def _day_and_month(words: list[str], now: datetime) -> Period | None:
    """Read a month's name, with or without a day and a year, in any order."""
    month = day = year = None
    for word in (each for each in words if each != "of"):
        if (at := _place(word, _MONTHS)) is not None and month is None:
            month = at + 1
        elif re.fullmatch(r"\d{4}", word) and year is None:
            year = int(word)
        elif (number := _DAY_OF_MONTH.fullmatch(word)) and day is None:
            day = int(number[1])
        else:
            return None
    if month is None:
        return None
    years = [year] if year is not None else range(now.year, now.year - 9, -1)
    for each in years:
        with suppress(ValueError):  # 29 February is not in every year
            found = _month(each, month, now)
            if day is not None:
                found = _days(date(each, month, day), 1, now)
            if year is not None or found.start <= now:
                return found
    return None


def _with_clock(words: str, now: datetime) -> Period | None:
    """Read "14:30", "9am", "yesterday 14:30", "monday at noon", "2026-01-31 9am"."""
    places = [0, *(match.end() for match in re.finditer(" ", words))]
    for place in places:
        match = _CLOCK.fullmatch(words, place)
        at = match and _clock(match)
        if at is None:
            continue
        day = period(words[:place], now) if place else _calendar("day", False, now)
        if day is None or not _LESS <= day.end - day.start <= _MORE:
            return None
        on = day.start.astimezone(now.tzinfo).date()
        return _moment(datetime.combine(on, at, now.tzinfo))
    return None


def _clock(match: re.Match[str]) -> time | None:
    if match[5]:
        return time(12 if match[5] == "noon" else 0)
    if not match[2] and not match[4]:
        return None  # a number alone
    hour = int(match[1])
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4] == "pm" else 0)
    return time(hour, int(match[2] or 0), int(match[3] or 0))


def _place(name: str, names: list[str]) -> int | None:
    """Return the index of a name, given the name or at least its first three letters."""
    if len(name) < 3:
        return None
    return next((at for at, each in enumerate(names) if each.startswith(name)), None)


def _moment(at: datetime) -> Period:
    return Period(at.astimezone(UTC), at.astimezone(UTC))


def _first_of(year: int, month: int) -> date:
    """Return a month's first day; the 13th month is the next year's first."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _month(year: int, month: int, now: datetime) -> Period:
    return _between(date(year, month, 1), _first_of(year, month + 1), now)


def _days(first: date, count: int, now: datetime) -> Period:
    try:
        end = first + timedelta(days=count)
    except OverflowError:  # 9999-12-31, which people write for "for ever"
        end = first
    return _between(first, end, now)


def _between(first: date, end: date, now: datetime) -> Period:
    """Return the days from first up to, not including, end."""
    start, stop = (
        datetime.combine(each, time.min, now.tzinfo).astimezone(UTC)
        for each in (first, end)
    )
    return Period(start, stop)
