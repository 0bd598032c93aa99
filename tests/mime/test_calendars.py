"""Calendar invites and contacts, as mail carries them."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime import calendars, contacts
from mailsink.mime.contentlines import lines
from tests.growth import assert_linear

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
    calendar = calendars.read(INVITE.encode())
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
    assert event.organizer == calendars.Attendee("Ops; Olga", "olga@shop.test")
    assert event.attendees == [calendars.Attendee("Ann", "ann@example.com", "ACCEPTED")]
    assert event.recurrence == "FREQ=WEEKLY;COUNT=4"
    assert day.all_day
    assert day.start == datetime(2026, 12, 24)


@pytest.mark.parametrize(
    "line",
    ["DTSTART:nonsense", "DTSTART;TZID=../../etc/passwd:20260101T000000", "DTSTART:20269999",
     "DTSTART;TZID=Nowhere/Atall:20260101T000000", "DURATION:P" + "9" * 50 + "D", "X" * 100_000],
)  # fmt: skip
def test_bad_lines_do_no_harm(line: str) -> None:
    calendars.read(
        f"BEGIN:VEVENT\nDTSTART:20260101T000000Z\n{line}\nEND:VEVENT".encode()
    )


def test_contacts() -> None:
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nN:Ops;Olga;;;\nORG:Shop;Ops\nTITLE:Head\n"
        "item1.TEL;TYPE=CELL,VOICE:+49 30 1\nEMAIL;TYPE=work:olga@shop.test\n"
        "ADR:;;Street 1;Berlin;;10115;Germany\nPHOTO;ENCODING=b:AAAA\nEND:VCARD\n"
    )
    (contact,) = contacts.read(text.encode())
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


def event(*given: str, before: str = "") -> calendars.CalendarEvent:
    """Return the one event of a calendar with these lines in it."""
    inner = "\r\n".join(given)
    text = f"BEGIN:VCALENDAR\r\n{before}BEGIN:VEVENT\r\n{inner}\r\nEND:VEVENT\r\nEND:VCALENDAR"
    (found,) = calendars.read(text.encode()).events
    return found


OUTLOOK = (
    "BEGIN:VTIMEZONE\r\nTZID:Our Time\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\n"
)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("20261025T015959", "2026-10-24T23:59:59"),  # the clock goes back at 3
        ("20261025T030000", "2026-10-25T02:00:00"),
        ("20270101T120000", "2027-01-01T11:00:00"),  # since October of the year before
        ("20260701T120000", "2026-07-01T10:00:00"),
        ("20260329T020000", "2026-03-29T00:00:00"),
    ],
)
def test_a_zone_of_the_calendar_itself(local: str, utc: str) -> None:
    start = event(f"DTSTART;TZID=Our Time:{local}", before=OUTLOOK).start
    assert start is not None
    assert start.astimezone(UTC) == datetime.fromisoformat(f"{utc}+00:00")


def test_a_zone_is_of_its_own_calendar_only() -> None:
    line = "DTSTART;TZID=Our Time:20260701T120000"
    elsewhere = OUTLOOK.replace("+0200", "+0900").replace("+0100", "+0800")
    starts = [event(line, before=zone).start for zone in (OUTLOOK, elsewhere, "")]
    offsets = [each and each.utcoffset() for each in starts]
    assert offsets == [timedelta(hours=2), timedelta(hours=9), None]


def test_an_observance_of_every_second_takes_no_time() -> None:
    zone = OUTLOOK.replace("FREQ=YEARLY;INTERVAL=1;", "FREQ=SECONDLY;")
    began = time.process_time()
    assert event("DTSTART;TZID=Our Time:20260701T120000", before=zone).start
    assert time.process_time() - began < 1


@pytest.mark.parametrize("name", [r"(UTC+01:00) Rome\, Bern", "(UTC+01:00) Rome, Bern"])
def test_commas_of_a_zone_may_be_escaped(name: str) -> None:
    zone = OUTLOOK.replace("Our Time", r"(UTC+01:00) Rome\, Bern")
    start = event(f'DTSTART;TZID="{name}":20260701T120000', before=zone).start
    assert start is not None
    assert start.astimezone(UTC) == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_the_address_may_stand_beside_the_uri_of_a_service() -> None:
    line = "ATTENDEE;CN=Ann;EMAIL=ann@example.com;PARTSTAT=ACCEPTED:/principals/4711/"
    person = calendars.Attendee("Ann", "ann@example.com", "ACCEPTED")
    assert event(line).attendees == [person]


@pytest.mark.parametrize(
    "name",
    [
        "Asia/Tokyo",
        "/example.org/2026/Asia/Tokyo",
        "Asia/Tokyo ",
        "Tokyo Standard Time",
        '"Tokyo Standard Time"',
    ],
)
def test_a_zone_by_its_name(name: str) -> None:
    start = event(f"DTSTART;TZID={name}:20261201T090000").start
    assert start is not None
    assert start.astimezone(UTC) == datetime(2026, 12, 1, 0, tzinfo=UTC)


def test_a_zone_that_is_not_known_leaves_the_time_of_the_clock() -> None:
    found = event("DTSTART;TZID=Nowhere:20261201T090000", "DTEND:20261201T090000Z")
    assert (found.start, found.zone) == (datetime(2026, 12, 1, 9), "Nowhere")
    assert found.end is None  # which is not to be told from a time of no zone


@pytest.mark.parametrize(
    ("given", "last"),
    [
        (["DTEND;VALUE=DATE:20261225"], date(2026, 12, 24)),
        (["DTEND;VALUE=DATE:20261227"], date(2026, 12, 26)),
        (["DTEND;VALUE=DATE:20261224"], date(2026, 12, 24)),
        (["DURATION:P3D"], date(2026, 12, 26)),
        ([], date(2026, 12, 24)),
    ],
)
def test_all_day_events_end_the_day_before(given: list[str], last: date) -> None:
    found = event(*given, "DTSTART;VALUE=DATE:20261224")
    assert found.all_day
    assert found.last_day == last


def test_a_duration_counts_wherever_it_stands() -> None:
    berlin = "DTSTART;TZID=Europe/Berlin:20261024T120000"
    day = event("DURATION:P1D", berlin)  # the clock goes back in the night
    hours = event("DURATION:PT24H", berlin)
    assert day.end is not None
    assert hours.end is not None
    assert day.end.astimezone(UTC) == datetime(2026, 10, 25, 11, tzinfo=UTC)
    assert hours.end.astimezone(UTC) == datetime(2026, 10, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "duration", ["P99999W", "P999999D", "PT999999999S", "-PT1H", "P", "PT1H2", "1H"]
)
def test_a_duration_that_leads_nowhere(duration: str) -> None:
    found = event("DTSTART:99981231T230000Z", f"DURATION:{duration}")
    assert found.start is not None
    assert found.end is None or found.end == found.start


def test_lines_are_unfolded_before_they_are_decoded() -> None:
    octets = "SUMMARY:Grüße aus Köln".encode()
    for at in range(9, len(octets)):
        folded = octets[:at] + b"\r\n " + octets[at:]
        (found,) = calendars.read(b"BEGIN:VEVENT\r\n" + folded).events
        assert found.summary == "Grüße aus Köln"


def test_charsets_of_calendars() -> None:
    text = "BEGIN:VEVENT\r\nSUMMARY:Füße\r\n"
    for charset in ("utf-8", "iso-8859-1", "utf-16"):
        (found,) = calendars.read(text.encode(charset), charset).events
        assert found.summary == "Füße"


def test_what_is_broken_hides_nothing_else() -> None:
    text = (
        "no line\r\nBEGIN:VCALENDAR\r\nMETHOD:cancel\r\nX\r\nEND:VTODO\r\n"
        "BEGIN:VEVENT\r\n;;:\r\nSUMMARY:one\r\nBEGIN:VALARM\r\nSUMMARY:no\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:two\r\nDTSTART:20261201"
    )
    calendar = calendars.read(text.encode())
    assert calendar.method == "CANCEL"
    assert [each.summary for each in calendar.events] == ["one", "two"]


@pytest.mark.parametrize(
    "unit",
    ["BEGIN:VEVENT\n", "BEGIN:VTIMEZONE\nTZID:a\nBEGIN:STANDARD\n", " x\n", "END:VEVENT\n",
     "RDATE:20260101T000000,\n", "FN;ENCODING=BASE64:\n", "N;BASE64:QQ==;\nQQ==\n", "FN;PREF=1:a\n", "N;ENCODING=QUOTED-PRINTABLE:=\n", "BEGIN:VCARD\n", "A;B", '"'],
)  # fmt: skip
def test_hostile_files_take_no_time(unit: str) -> None:
    octets = (unit * (3_000_000 // len(unit))).encode()
    started = time.process_time()
    calendars.read(b"BEGIN:VCALENDAR\n" + octets)
    contacts.read(b"BEGIN:VCARD\n" + octets)
    assert time.process_time() - started < 5


OLD = (
    b"BEGIN:VCARD\r\nVERSION:2.1\r\n"
    b"N;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BC=\r\nller;J=C3=B6rg\r\n"
    b"FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:J=F6rg M=FC=\r\n=6Cler\r\n"
    b"ORG;CHARSET=windows-1251:\xcf\xee\xf7\xf2\xe0\r\n"
    b"TEL;WORK;FAX:+49 30 1\r\nTEL;TYPE=HOME;TYPE=VOICE:+49 30 2\r\n"
    b"NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\r\ntwo\r\n"
    b"AGENT:\r\nBEGIN:VCARD\r\nFN:Nobody\r\nEND:VCARD\r\nEND:VCARD\r\n"
)
NEW = (
    'BEGIN:VCARD\nVERSION:4.0\nFN:Jörg\nN:Müller;Jörg;;;\nTEL;VALUE=uri;TYPE="voice,home":tel:+49-30-3\n'
    'EMAIL;PREF=1:mailto:jo@shop.test\nADR;LABEL="a;b:c":;;Weg 1\\, links;Köln;;;DE\n'
)


def test_vcard_2_1() -> None:
    (contact,) = contacts.read(OLD)
    assert (contact.name, contact.organization) == ("Jörg Müller", "Почта")
    assert contact.entries == [
        ("TEL", "work,fax", "+49 30 1"),
        ("TEL", "home,voice", "+49 30 2"),
        ("NOTE", "", "one\ntwo"),
    ]


def test_vcard_4_and_one_without_its_end() -> None:
    (contact,) = contacts.read(NEW.encode())
    assert contact.name == "Jörg"
    assert contact.entries == [
        ("TEL", "voice,home", "+49-30-3"),
        ("EMAIL", "", "jo@shop.test"),
        ("ADR", "", "Weg 1, links, Köln, DE"),
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("FN:Erste\nFN:Zweite", "Erste"),
        ("FN:\nFN:Zweite\nFN:Dritte", "Zweite"),
        ("FN:Erste\nFN;PREF:Zweite", "Zweite"),
        ("FN:Erste\nFN;TYPE=pref:Zweite\nFN;TYPE=pref:Dritte", "Zweite"),
        ('FN:Erste\nFN;TYPE="work,pref":Zweite', "Zweite"),
        ("FN;PREF=20:Erste\nFN;PREF=3:Zweite\nFN:Dritte", "Zweite"),
        ("FN;PREF=none:Erste\nFN;PREF=²:Zweite", "Erste"),
        ("N:Kurz;Eva\nN;PREF=1:Lang;Ida\nTITLE:x", "Ida Lang"),
        ("item1.FN:Erste\nitem2.FN:Zweite", "Erste"),
    ],
)
def test_of_several_names_the_preferred_or_the_first_is_shown(
    written: str, name: str
) -> None:
    (contact,) = contacts.read(f"BEGIN:VCARD\n{written}\nEND:VCARD".encode())
    assert contact.name == name


def test_of_what_there_is_once_the_preferred_or_the_first_is_shown() -> None:
    written = (
        "BEGIN:VCARD\nORG:One;Desk\nORG:Two\nTITLE:Head\nTITLE;PREF=1:Chief\n"
        "BDAY:19800229\nBDAY:1981\nEMAIL:a@b.test\nEMAIL;PREF=1:c@d.test\nEND:VCARD"
    )
    (contact,) = contacts.read(written.encode())
    assert (contact.organization, contact.title) == ("One, Desk", "Chief")
    assert contact.entries == [
        ("BDAY", "", "19800229"),
        ("EMAIL", "", "a@b.test"),
        ("EMAIL", "", "c@d.test"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        b"FN;ENCODING=BASE64;CHARSET=UTF-8:SsO8cmdlbiBCw7ZobQ==",
        b"FN;BASE64:SsO8cmdlbiBCw7ZobQ==",
        b"FN;ENCODING=b:SsO8cmdlbiBCw7ZobQ==",
        b"FN;ENCODING=BASE64;CHARSET=ISO-8859-1:SvxyZ2VuIEL2aG0=",
        b"FN;ENCODING=BASE64:SsO8cmdl\r\nbiBCw7ZobQ==\r\n",
        b"FN;encoding=base64:\r\n SsO8cmdl\r\n biBCw7ZobQ==\r\n",
        b"FN;QUOTED-PRINTABLE:J=C3=BCrgen B=C3=B6=\r\nhm",
        b"FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=FCrgen B=F6hm",
        b"N;ENCODING=BASE64:QsO2aG07SsO8cmdlbg==",
    ],
)
def test_encoded_names_are_decoded(written: bytes) -> None:
    octets = b"BEGIN:VCARD\r\nVERSION:2.1\r\n" + written + b"\r\nTEL:1\r\nEND:VCARD"
    (contact,) = contacts.read(octets)
    assert contact.name == "Jürgen Böhm"
    assert contact.entries == [("TEL", "", "1")]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    calendars.read(f"BEGIN:VEVENT\n{text}\nEND:VEVENT".encode())
    contacts.read(f"BEGIN:VCARD\n{text}\nEND:VCARD".encode())


@pytest.mark.parametrize("unit", [";b=", ';b="', ";", '"', ",", "=", ":", "\r\n "])
def test_hostile_lines_take_linear_time(unit: str) -> None:
    assert_linear(lambda size: lines(f"a{unit * size}".encode()))
