"""Time zones by the names that calendars give them: IANA's, a VTIMEZONE's own, Windows'.

A VTIMEZONE (RFC 5545 §3.6.5) is read in its usual forms: two observances that begin on
a day of the year, or single ones. Never raises; rules are never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from mailsink.mime.contentlines import ContentLine

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?")


def moment(value: str) -> datetime | None:
    """Return a DATE or DATE-TIME without its zone (RFC 5545 §3.3.4, §3.3.5)."""
    match = _MOMENT.fullmatch(value.strip().replace("-", "").replace(":", ""))
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(each or 0) for each in match.groups()[:6])  # fmt: skip
    try:
        return datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError:
        return None


def named(name: str) -> tzinfo | None:
    """Return the zone of an IANA name, also after a path; None if it is unknown."""
    parts = name.strip().strip("/").split("/")
    if len(parts) == 1:
        return _of_iana(parts[0])
    return _of_iana("/".join(parts[-3:])) or _of_iana("/".join(parts[-2:]))


def _of_iana(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name and len(name) < 80 else None
    except (ValueError, OSError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class Observance:
    """The beginnings of an offset: once, at several times, or on a day of each year."""

    start: datetime
    before: timedelta
    offset: timedelta
    others: tuple[datetime, ...] = ()
    rule: dict[str, str] | None = None

    def begun(self, local: datetime) -> datetime | None:
        """Return its last beginning before a local time."""
        known = [self.start, *self.others]
        if self.rule:
            known += [
                day
                for year in (local.year - 1, local.year)
                if (day := self._in(year, self.rule))
            ]
        return max((each for each in known if each <= local), default=None)

    def _in(self, year: int, rule: dict[str, str]) -> datetime | None:
        """Return its beginning in a year by FREQ=YEARLY;BYMONTH=…;BYDAY=…."""
        month = rule.get("BYMONTH", str(self.start.month))
        is_month = month.isdecimal() and len(month) <= 2
        day = _day(year, int(month), rule) if is_month else None
        if day is None:
            return None
        at = datetime.combine(day, self.start.time())
        until = moment(rule["UNTIL"]) if "UNTIL" in rule else None
        ended = until is not None and day > until.date()
        return None if ended or at < self.start else at


def _day(year: int, month: int, rule: dict[str, str]) -> date | None:
    """Return the day of a month that BYDAY (2SU, -1SU) and BYMONTHDAY name."""
    match = re.fullmatch(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)", rule.get("BYDAY", ""))
    numbers = set(re.findall(r"\d+", rule.get("BYMONTHDAY", "")[:100]))
    days: list[date] = []
    for number in range(1, 32):
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        fits = not match or _DAYS[day.weekday()] == match[2]
        if fits and (not numbers or str(number) in numbers):
            days.append(day)
    place = int(match[1]) if match and match[1] else 1
    index = place - 1 if place > 0 else place
    return days[index] if -len(days) <= index < len(days) else None


@dataclass(frozen=True, slots=True)
class Zone:
    """A VTIMEZONE."""

    observances: tuple[Observance, ...]

    def offset(self, local: datetime) -> timedelta:
        """Return how far east of UTC a local time is."""
        begun = [(each.begun(local), each) for each in self.observances]
        known = [(at, each.offset) for at, each in begun if at is not None]
        if known:
            return max(known)[1]
        return min(self.observances, key=lambda each: each.start).before


def observance(lines: Sequence[ContentLine]) -> Observance | None:
    """Return the observance of a STANDARD or DAYLIGHT; None if it is invalid."""
    given = {line.name: line.value for line in lines}
    start = moment(given.get("DTSTART", ""))
    offset = _offset(given.get("TZOFFSETTO", ""))
    before = _offset(given.get("TZOFFSETFROM", ""))
    if start is None or offset is None:
        return None
    times = (
        moment(each)
        for line in lines
        if line.name == "RDATE"
        for each in line.value.split(",")[:200]
    )
    rule = dict(
        part.upper().split("=", 1)
        for part in given.get("RRULE", "").split(";")[:20]
        if "=" in part
    )
    yearly = rule if rule.get("FREQ") == "YEARLY" else None
    others = tuple(each for each in times if each)
    return Observance(start, offset if before is None else before, offset, others, yearly)  # fmt: skip


def _offset(value: str) -> timedelta | None:
    match = _OFFSET.fullmatch(value.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(each or 0) for each in match.groups()[1:])
    east = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if east >= timedelta(hours=24):
        return None
    return -east if match[1] == "-" else east


def placed(local: datetime, name: str, zones: dict[str, Zone]) -> datetime | None:
    """Return a local time in its zone; None if the zone is unknown.

    zones: the VTIMEZONEs of the calendar, by their TZID
    """
    if zone := named(name):
        return local.replace(tzinfo=zone)
    if own := zones.get(name):
        return local.replace(tzinfo=timezone(own.offset(local)))
    if zone := _of_iana(win_tz.get(name.strip(), "")):
        return local.replace(tzinfo=zone)
    return None
