"""Calendar invites (RFC 5545, iTIP RFC 5546): events as people read them. Never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailsink.mime.contentlines import Line, lines

MOST = 50  # events
_PEOPLE = 200


@dataclass(slots=True)
class Person:
    name: str
    address: str
    status: str = ""  # PARTSTAT, as ACCEPTED or NEEDS-ACTION


@dataclass(slots=True)
class Event:
    """An event. start and end: with a zone where one is known; all_day: dates only."""

    summary: str = ""
    start: datetime | None = None
    end: datetime | None = None
    zone: str = ""  # as it was named, where it is not UTC
    all_day: bool = False
    location: str = ""
    description: str = ""
    status: str = ""
    recurrence: str = ""  # the RRULE as it stands
    organizer: Person | None = None
    attendees: list[Person] = field(default_factory=list)


@dataclass(slots=True)
class Calendar:
    method: str = ""  # REQUEST, CANCEL, REPLY, …
    events: list[Event] = field(default_factory=list)


def read(text: str) -> Calendar:
    """Return what a calendar tells; an empty one where it is none."""
    calendar = Calendar()
    event: Event | None = None
    depth = 0  # of components within the event, as alarms
    for line in lines(text):
        if line.name == "METHOD" and event is None:
            calendar.method = line.text.strip().upper()[:40]
        elif line.name == "BEGIN":
            if event is None and line.value.upper() == "VEVENT":
                event = Event()
            elif event is not None:
                depth += 1
        elif line.name == "END":
            if event is not None and depth == 0:
                calendar.events.append(event)
                event = None
                if len(calendar.events) == MOST:
                    break
            depth = max(0, depth - 1)
        elif event is not None and depth == 0:
            _take(event, line)
    return calendar


_TEXTS = {
    "SUMMARY": "summary",
    "LOCATION": "location",
    "DESCRIPTION": "description",
    "STATUS": "status",
    "RRULE": "recurrence",
}


def _take(event: Event, line: Line) -> None:
    if attribute := _TEXTS.get(line.name):
        setattr(event, attribute, line.text[:10_000])
    elif line.name == "DTSTART":
        event.start, event.all_day = _moment(line)
        event.zone = line.parameters.get("TZID", "")[:80]
    elif line.name == "DTEND":
        event.end, _ = _moment(line)
    elif line.name == "DURATION" and event.start:
        event.end = event.start + _duration(line.value)
    elif line.name == "ORGANIZER":
        event.organizer = _person(line)
    elif line.name == "ATTENDEE" and len(event.attendees) < _PEOPLE:
        event.attendees.append(_person(line))


def _person(line: Line) -> Person:
    address = re.sub("^mailto:", "", line.value.strip(), flags=re.IGNORECASE)
    name = line.parameters.get("CN", "")
    return Person(name[:200], address[:320], line.parameters.get("PARTSTAT", "")[:40])


def _moment(line: Line) -> tuple[datetime | None, bool]:
    """Return a time, and whether it is a day only (RFC 5545 §3.3.4, §3.3.5)."""
    value = line.value.strip()
    try:
        if len(value) == 8:
            day = date.fromisoformat(value)
            return datetime(day.year, day.month, day.day), True
        at = datetime.strptime(value.rstrip("Z")[:15], "%Y%m%dT%H%M%S")
    except ValueError:
        return None, False
    if value.endswith("Z"):
        return at.replace(tzinfo=UTC), False
    return _in_zone(at, line.parameters.get("TZID", "")), False


def _in_zone(at: datetime, name: str) -> datetime:
    """Return a time in its zone; without one where the name is none that is known."""
    try:
        return at.replace(tzinfo=ZoneInfo(name)) if name else at
    except (ValueError, OSError, KeyError):
        return at


_DURATION = re.compile(r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")  # fmt: skip


def _duration(value: str) -> timedelta:
    """RFC 5545 §3.3.6."""
    match = _DURATION.fullmatch(value.strip())
    if not match:
        return timedelta()
    weeks, days, hours, minutes, seconds = (
        int(each or 0) for each in match.groups()[1:]
    )
    return timedelta(
        weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
    )
