"""Calendar invites and contacts, as mail carries them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime import calendars, contacts
from mailsink.mime.contentlines import lines

INVITE = """BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
DTSTART;TZID=Europe/Berlin:20261203T100000\r
DURATION:PT45M\r
SUMMARY:Release\\, the big one\\nsecond line\r
LOCATION:Room\r
  4.12\r
ORGANIZER;CN="Ops; Olga":MAILTO:olga@shop.test\r
ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@example.com\r
RRULE:FREQ=WEEKLY;COUNT=4\r
BEGIN:VALARM\r
DESCRIPTION:Not this\r
END:VALARM\r
STATUS:CONFIRMED\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20261224\r
DTEND;VALUE=DATE:20261225\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_invite() -> None:
    calendar = calendars.read(INVITE)
    assert calendar.method == "REQUEST"
    event, day = calendar.events
    assert event.summary == "Release, the big one\nsecond line"
    assert event.start is not None
    assert event.end is not None
    assert event.start.astimezone(UTC) == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert (event.end - event.start).total_seconds() == 45 * 60
    assert (event.zone, event.location, event.description) == (
        "Europe/Berlin",
        "Room 4.12",
        "",
    )
    assert event.organizer == calendars.Person("Ops; Olga", "olga@shop.test")
    assert event.attendees == [calendars.Person("Ann", "ann@example.com", "ACCEPTED")]
    assert event.recurrence == "FREQ=WEEKLY;COUNT=4"
    assert day.all_day
    assert day.start == datetime(2026, 12, 24)


@pytest.mark.parametrize(
    "line",
    ["DTSTART:nonsense", "DTSTART;TZID=../../etc/passwd:20260101T000000", "DTSTART:20269999",
     "DTSTART;TZID=Nowhere/Atall:20260101T000000", "DURATION:P" + "9" * 50 + "D", "X" * 100_000],
)  # fmt: skip
def test_bad_lines_do_no_harm(line: str) -> None:
    calendars.read(f"BEGIN:VEVENT\nDTSTART:20260101T000000Z\n{line}\nEND:VEVENT")


def test_contacts() -> None:
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nN:Ops;Olga;;;\nORG:Shop;Ops\nTITLE:Head\n"
        "item1.TEL;TYPE=CELL,VOICE:+49 30 1\nEMAIL;TYPE=work:olga@shop.test\n"
        "ADR:;;Street 1;Berlin;;10115;Germany\nPHOTO;ENCODING=b:AAAA\nEND:VCARD\n"
    )
    (contact,) = contacts.read(text)
    assert (contact.name, contact.organization, contact.title) == (
        "Olga Ops",
        "Shop, Ops",
        "Head",
    )
    assert contact.entries == [
        ("TEL", "cell,voice", "+49 30 1"),
        ("EMAIL", "work", "olga@shop.test"),
        ("ADR", "", "Street 1, Berlin, 10115, Germany"),
    ]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    calendars.read(f"BEGIN:VEVENT\n{text}\nEND:VEVENT")
    contacts.read(f"BEGIN:VCARD\n{text}\nEND:VCARD")


@pytest.mark.parametrize(
    "line", ["a" + ";b=" * 30_000, "a" + ';b="' * 20_000, ";" * 60_000, '"' * 60_000]
)
def test_hostile_lines_take_no_time(line: str) -> None:
    lines(line)
