"""The events that a message invites to: finds them in its parts, and describes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.content import recurrences
from mailsink.mime import bodies, calendars
from mailsink.mime.calendars import Calendar, CalendarEvent
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part

TYPES = ("text/calendar", "application/ics")
_LOOKED_AT = 5  # parts that are read
_DAY = "j M Y"

# RFC 5546 §1.4
_METHODS = {
    "REQUEST": gettext_noop("Invitation"),
    "PUBLISH": gettext_noop("Announcement"),
    "CANCEL": gettext_noop("Cancellation"),
    "REPLY": gettext_noop("Reply to an invitation"),
    "ADD": gettext_noop("More dates for an event"),
    "REFRESH": gettext_noop("Request for the latest version of an event"),
    "COUNTER": gettext_noop("Proposal of another time"),
    "DECLINECOUNTER": gettext_noop("The proposed time is declined"),
}


@dataclass(frozen=True, slots=True)
class InvitationPanel:
    """An event in words. when: in its own zone; utc: in UTC, "" if that adds nothing"""

    event: CalendarEvent
    when: str
    utc: str
    repeats: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar in words. title: its purpose"""

    title: str
    calendar: Calendar
    events: list[InvitationPanel]


def of(reading: Reading) -> Invitation | None:
    """Return the invitation in a message, as its body or an alternative; else None."""
    for part in _parts(reading):
        invitation = read(reading.octets, part)
        if invitation.events:
            return invitation
    return None


def _parts(reading: Reading) -> Iterator[Part]:
    found = [each for each in reading.structure.parts if each.content_type in TYPES]
    for part in found[:_LOOKED_AT]:
        within = part.parent and part.parent.content_type == "multipart/alternative"
        if part.parent is None or within or part.disposition != "attachment":
            yield part


def read(octets: bytes, part: Part) -> Invitation:
    """Return the events of a calendar part. octets: of the whole message"""
    calendar = calendars.read(bodies.decode(octets, part), part.charset)
    title = _(_METHODS.get(calendar.method, gettext_noop("Calendar")))
    events = [
        InvitationPanel(
            each, when(each), in_utc(each), recurrences.words(each.recurrence)
        )
        for each in calendar.events
    ]
    return Invitation(title, calendar, events)


def when(event: CalendarEvent) -> str:
    """Return the time of an event in its own zone; "" if it is not given."""
    start, end = event.start, event.end
    if start is None:
        return ""
    if event.last_day:
        return _range(_day(start), _day(event.last_day))
    zone = event.zone or _("in local time, wherever one is")
    if start.tzinfo is UTC:
        zone = _("UTC")
    elif start.tzinfo is None and event.zone:
        zone = _("%(zone)s (a zone that is not known here)") % {"zone": event.zone}
    local = end.astimezone(start.tzinfo) if end and start.tzinfo else end
    return f"{_times(start, local)} {zone}"


def in_utc(event: CalendarEvent) -> str:
    """Return the time in UTC; "" if it is in UTC already, or is unknown."""
    start, end = event.start, event.end
    if event.all_day or start is None or start.tzinfo in (None, UTC):
        return ""
    times = _times(start.astimezone(UTC), end and end.astimezone(UTC))
    return _("%(times)s UTC") % {"times": times}


def _times(start: datetime, end: datetime | None) -> str:
    """Return a time, or a range; a second day is named only if it differs."""
    text = f"{_day(start)}, {_clock(start)}"
    if end is None:
        return text
    same = end.date() == start.date()
    return _range(text, _clock(end) if same else f"{_day(end)}, {_clock(end)}")


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} – {last}"  # noqa: RUF001  a dash


def _day(at: date) -> str:
    return date_format(at, _DAY)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M}"
