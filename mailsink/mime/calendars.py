"""Calendar invites (RFC 5545, iTIP RFC 5546): events for display. Never raises.

This is our own reader, because icalendar 7.3 has three faults. It keeps the VTIMEZONEs
of all calendars in one store, so that "Our Time" in one mail changes the times of the
next. 338 octets of SECONDLY observances block it for minutes. After one wrong END, or
one wrong line outside an event, it reads no event at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from mailsink.mime import timezones
from mailsink.mime.contentlines import ContentLine, lines
from mailsink.mime.timezones import Zone

MOST = 50  # events
_MOST_ZONES = 20
_MOST_OBSERVANCES = 50  # of a zone
_DEEPEST = 10  # levels of nested components
_PEOPLE = 200


@dataclass(slots=True)
class Attendee:
    name: str
    address: str
    status: str = ""  # PARTSTAT, such as ACCEPTED or NEEDS-ACTION


@dataclass(slots=True)
class CalendarEvent:
    """An event. start and end: with a zone if one is known; all_day: dates only.

    The end is exclusive: for an all-day event it is the day after the last.
    """

    summary: str = ""
    start: datetime | None = None
    end: datetime | None = None
    zone: str = ""  # the name as written, unless it is UTC
    all_day: bool = False
    location: str = ""
    description: str = ""
    status: str = ""
    recurrence: str = ""  # the RRULE as written
    organizer: Attendee | None = None
    attendees: list[Attendee] = field(default_factory=list)

    @property
    def last_day(self) -> date | None:
        """The last day of an all-day event (RFC 5545 §3.6.1)."""
        if not self.all_day or self.start is None:
            return None
        if self.end is None or self.end <= self.start:
            return self.start.date()
        return (self.end - timedelta(days=1)).date()


@dataclass(slots=True)
class Calendar:
    method: str = ""  # REQUEST, CANCEL, REPLY, …
    events: list[CalendarEvent] = field(default_factory=list)


@dataclass(slots=True)
class _Component:
    name: str
    lines: list[ContentLine] = field(default_factory=list)
    children: list[_Component] = field(default_factory=list)


def read(octets: bytes, charset: str = "") -> Calendar:
    """Return the content of a calendar; an empty one if the octets are no calendar.

    octets: decoded from their transfer encoding; charset: as declared
    """
    root = _tree(lines(octets, charset))
    calendars = [root, *(each for each in root.children if each.name == "VCALENDAR")]
    methods = [each.text.strip().upper() for one in calendars for each in one.lines if each.name == "METHOD"]  # fmt: skip
    components = [each for one in calendars for each in one.children]
    zones = dict(_zones(components))
    events = [each for each in components if each.name == "VEVENT"][:MOST]
    return Calendar(
        next(iter(methods), "")[:40], [_event(each.lines, zones) for each in events]
    )


def _tree(found: Iterable[ContentLine]) -> _Component:
    """Return the tree of components; one without an END ends with its parent."""
    path = [_Component("")]
    for line in found:
        name = line.value.strip().upper()
        if line.name == "BEGIN" and len(path) < _DEEPEST:
            component = _Component(name)
            path[-1].children.append(component)
            path.append(component)
        elif line.name == "END" and name in [each.name for each in path[1:]]:
            while path.pop().name != name:
                pass
        else:
            path[-1].lines.append(line)
    return path[0]


def _zones(components: Iterable[_Component]) -> Iterator[tuple[str, Zone]]:
    zones = [each for each in components if each.name == "VTIMEZONE"]
    for zone in zones[:_MOST_ZONES]:
        names = [line.text.strip() for line in zone.lines if line.name == "TZID"]
        read = map(timezones.observance, (each.lines for each in zone.children[:_MOST_OBSERVANCES]))  # fmt: skip
        if (observances := tuple(filter(None, read))) and names:
            yield names[0], Zone(observances)


_TEXTS = {
    "SUMMARY": "summary",
    "LOCATION": "location",
    "DESCRIPTION": "description",
    "STATUS": "status",
    "RRULE": "recurrence",
}


def _event(given: list[ContentLine], zones: dict[str, Zone]) -> CalendarEvent:
    event = CalendarEvent()
    times = {line.name: line for line in reversed(given)}  # the first of each counts
    if start := times.get("DTSTART"):
        event.start, event.all_day = _moment(start, zones)
        event.zone = _zone_name(start)[:80]
    if end := times.get("DTEND"):
        event.end, _ = _moment(end, zones)
    elif (duration := times.get("DURATION")) and event.start:
        event.end = _after(event.start, duration.value)
    if event.start and event.end and (event.end.tzinfo is None) != (event.start.tzinfo is None):  # fmt: skip
        event.end = None  # the times cannot be compared
    for line in given:
        if attribute := _TEXTS.get(line.name):
            setattr(event, attribute, line.text.strip()[:10_000])
        elif line.name == "ORGANIZER":
            event.organizer = _person(line)
        elif line.name == "ATTENDEE" and len(event.attendees) < _PEOPLE:
            event.attendees.append(_person(line))
    return event


def _person(line: ContentLine) -> Attendee:
    uri = line.value.strip()
    if "@" not in uri:  # of a service such as iCloud, which adds EMAIL (RFC 7986 §6.2)
        uri = line.parameters.get("EMAIL", uri)
    address = re.sub("^mailto:", "", uri, flags=re.IGNORECASE)
    name = line.parameters.get("CN", "")
    return Attendee(name[:200], address[:320], line.parameters.get("PARTSTAT", "")[:40])


def _moment(line: ContentLine, zones: dict[str, Zone]) -> tuple[datetime | None, bool]:
    """Return a time, and whether it is only a day; without a zone if none is known."""
    value = line.value.strip().upper()
    local = timezones.moment(value)
    if local is None or "T" not in value:
        return local and _in_range(local), local is not None
    if value.endswith("Z"):
        return _in_range(local.replace(tzinfo=UTC)), False
    at = timezones.placed(local, _zone_name(line), zones) or local
    return _in_range(at), False


def _zone_name(line: ContentLine) -> str:
    """Return a TZID parameter in the form of the VTIMEZONE's TZID, which has escapes."""
    return ContentLine("", line.parameters.get("TZID", "")).text.strip()


def _in_range(at: datetime) -> datetime | None:
    """Return a time that any zone can express; None in the first and last year."""
    return at if 1 < at.year < 9999 else None


_DURATION = re.compile(r"\+?P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?")  # fmt: skip


def _after(start: datetime, duration: str) -> datetime | None:
    """Return the time after a duration; None if that is invalid (RFC 5545 §3.3.6).

    Days are calendar days, hours are exact: they differ when the clock changes.
    """
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in match.groups())
    exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        day = start + timedelta(weeks=weeks, days=days)
        if day.tzinfo is None:
            return day + exact
        if _in_range(day) is None:
            return None
        return _in_range((day.astimezone(UTC) + exact).astimezone(start.tzinfo))
    except OverflowError:
        return None
