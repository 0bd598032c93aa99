"""Date fields: the forms of RFC 5322, those that programs write, and what is doubtful."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime import structure
from mailsink.mime.dates import defect, parse_date

CERTAIN = [
    ("Wed, 2 Dec 2026 09:15:30 +0530", "2026-12-02T03:45:30"),
    ("Thu, 13 Feb 1969 23:32 -0330 (Newfoundland Time)", "1969-02-14T03:02:00"),  # A.5
    ("Thu,   13  Feb 1969\t23:32   -0330", "1969-02-14T03:02:00"),
    ("2 Dec 2026 09:15 GMT", "2026-12-02T09:15:00"),
    ("wed, 02 DEC 2026 09:15:00 gmt", "2026-12-02T09:15:00"),  # RFC 5234 §2.3
    ("2 Dec 2026 09:15:00 PST", "2026-12-02T17:15:00"),
    ("2 Dec 2026 09:15:00 EDT (summer (long) time)", "2026-12-02T13:15:00"),
    ("(now) 2 (day) Dec (of) 2026 09 (h) : (m) 15 -0000", "2026-12-02T09:15:00"),
    ("2 Dec 2026 09:15 +0000 (open", "2026-12-02T09:15:00"),
    (r"2 Dec 2026 09:15 +0000 (a \) b)", "2026-12-02T09:15:00"),
    ("31 Dec 2016 23:59:60 Z", "2016-12-31T23:59:59"),  # a leap second
]
READ = [  # in some other form: read, and told
    ("Wed, 02 Dec 2026 09:15:00 GMT-0800", "2026-12-02T17:15:00"),
    ("Wed, 02 Dec 2026 09:15:00 GMT +01:00", "2026-12-02T08:15:00"),
    ("Wed, 02 Dec 2026 09:15:00 UTC+5:45", "2026-12-02T03:30:00"),
    ("Wed, 02 Dec 2026 09:15:00 UT-3", "2026-12-02T12:15:00"),
    ("Wed Dec 02 2026 09:15:00 GMT+0900 (Japan Standard Time)", "2026-12-02T00:15:00"),
    ("Wed, 2 Dec 2026 12:05:00 AM -0500", "2026-12-02T05:05:00"),
    ("Wed, 2 Dec 2026 12:05 p.m. +0100", "2026-12-02T11:05:00"),
    ("Wed, 2 Dec 2026 8:05:09PM EST", "2026-12-03T01:05:09"),
    ("Wed, 2 Dec 2026 20:05:09 PM EST", "2026-12-03T01:05:09"),
    ("Wed Dec  2 09:15:00 +0100 2026", "2026-12-02T08:15:00"),
    ("Wed Dec  2 09:15:00 CET 2026", "2026-12-02T08:15:00"),
    ("Wed Dec  2 09:15:00 2026 +0100", "2026-12-02T08:15:00"),
    ("Wed Dec  2 17:15:00 SGT 2026", "2026-12-02T09:15:00"),
    ("Thu, 2 Jul 2026 09:15:00 MESZ", "2026-07-02T07:15:00"),
    ("Wed Dec  2 09:15:00 2026 EST", "2026-12-02T14:15:00"),
    ("Wed, 2 Dec 2026 09:15:00 Asia/Tokyo", "2026-12-02T00:15:00"),
    ("Wed, 2 Dec 2026 09:15:00 America/Argentina/Salta", "2026-12-02T12:15:00"),
    ("Dec 2, 2026 09:15:00 -0500", "2026-12-02T14:15:00"),
    ("Wednesday, December 2nd, 2026 at 9:15 AM MST", "2026-12-02T16:15:00"),
    ("Wed, 2 Dec 2026 09:15:00 0100", "2026-12-02T08:15:00"),
    ("Wed, 2 Dec 2026 09:15:00 \u22120300", "2026-12-02T12:15:00"),
    ("Wed, 2 Dec 2026 09:15:00 CST6CDT", "2026-12-02T15:15:00"),
    ("Thu, 2 Jul 2026 09:15:00 CST6CDT", "2026-07-02T14:15:00"),
    ("2026-12-02T09:15:00.250+02:00", "2026-12-02T07:15:00"),
    ("2026-12-02 09:15:00 Z", "2026-12-02T09:15:00"),
    ("20261202T0915Z", "2026-12-02T09:15:00"),
    ("Wednesday, 02-Dec-26 09:15:00 GMT", "2026-12-02T09:15:00"),  # RFC 850
    ("2 Dec 49 09:15 GMT", "2049-12-02T09:15:00"),
    ("2 Dec 50 09:15 GMT", "1950-12-02T09:15:00"),
    ("2 Dec 126 09:15 GMT", "2026-12-02T09:15:00"),  # RFC 5322 §4.3: plus 1900
    ("Mi, 2. December 2026 09.15.00 +0100", "2026-12-02T08:15:00"),
    ('Wed, 2 Dec 2026 09:15:00 "GMT"', "2026-12-02T09:15:00"),
    ("Wed, 2 Dec 2026 09:15:00 +0100 CET", "2026-12-02T08:15:00"),
    (",2 Dec 2026 09:15:00+0100", "2026-12-02T08:15:00"),
]
AS_UTC = [  # the zone is missing, or means nothing for certain
    "Wed Dec  2 09:15:00 2026",
    "Wed, 2 Dec 2026 09:15:00",
    "Wed, 2 Dec 2026 09:15:00 (PST)",
    "2026-12-02T09:15",
    "Wed, 2 Dec 2026 09:15 AM",
    "Wed, 2 Dec 2026 09:15:00 B",  # a military zone
    "Wed, 2 Dec 2026 09:15:00 J",
    "Wed, 2 Dec 2026 09:15:00 IST",  # India, Ireland, or Israel?
    "Wed, 2 Dec 2026 09:15:00 +9999",
    "Wed, 2 Dec 2026 09:15:00 --0500",
    "Wed, 2 Dec 2026 09:15:00 CET-1CEST",  # as POSIX writes zones: west is +
    "Wed, 2 Dec 2026 09:15:00 Mars/Olympus",
]
NONE = [
    "", "nonsense", "32 Dec 2026 09:15:00 +0000", "30 Feb 2026 09:15:00 +0000",
    "2 Foo 2026 09:15:00 +0000", "2 Dec 0000 09:15:00 +0000", "2 Dec 2026",
    "2 Dec 2026 24:00:00 +0000", "2 Dec 2026 09:15:75 +0000", "2 Dec 09:15:00 +0000",
    "31 Dec 9999 23:59:59 -1200", "31 Dec 9999 11:59:00 PM GMT-12",
    "12/02/2026 09:15:00 +0000",  # December or February?
    "1796202900",
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), CERTAIN)
def test_dates_of_the_rfc(value: str, expected: str) -> None:
    assert parse_date(value) == datetime.fromisoformat(f"{expected}+00:00")
    assert defect(value) is None


@pytest.mark.parametrize(("value", "expected"), READ)
def test_dates_in_other_forms_are_read_and_told(value: str, expected: str) -> None:
    assert parse_date(value) == datetime.fromisoformat(f"{expected}+00:00")
    told = str(defect(value))
    assert f"is read as {expected.replace('T', ' ')} UTC" in told


@pytest.mark.parametrize("value", AS_UTC)
def test_without_a_certain_zone_it_is_utc_and_a_defect(value: str) -> None:
    assert parse_date(value) == datetime.fromisoformat("2026-12-02T09:15:00+00:00")
    assert "it is read as UTC" in str(defect(value))


@pytest.mark.parametrize("value", NONE)
def test_no_dates(value: str) -> None:
    assert parse_date(value) is None
    assert "is not a date" in str(defect(value))


def test_a_wrong_day_of_the_week_and_an_impossible_zone_are_defects() -> None:
    wrong = "Tue, 2 Dec 2026 23:15:00 -0800"  # in UTC it is Thursday
    assert parse_date(wrong) == datetime.fromisoformat("2026-12-03T07:15:00+00:00")
    assert "day of the week" in str(defect(wrong))
    assert "day of the week" in str(defect("Tuesday, 02-Dec-26 09:15:00 GMT"))
    assert "farther from UTC" in str(defect("2 Dec 2026 09:15:00 +2359"))
    assert defect("Wed, 2 Dec 2026 23:15:00 -0800") is None


def test_a_message_tells_its_doubtful_date() -> None:
    octets = b"From: a@b.test\r\nDate: 2 Dec 2026 09:15:00 Q\r\n\r\n"
    (told,) = structure.parse(octets).defects
    assert str(told) == (
        'The time zone in the Date "2 Dec 2026 09:15:00 Q" is ambiguous; '
        "it is read as UTC (RFC 5322 §4.3)"
    )


@given(st.text(st.sampled_from("()\\ ,:+-0129JanMonTZpm.\"/'"), max_size=60))
def test_any_text_is_read(value: str) -> None:
    assert (parse_date(value) is None) == ("is not a date" in str(defect(value)))


@pytest.mark.parametrize("unit", ["(", "()", "1 ", " ", ",", "1:", "Mon,", "\\", "-"])
def test_hostile_dates_take_no_time(unit: str) -> None:
    started = time.process_time()
    parse_date(unit * 200_000)
    defect(f"1 Jan {unit * 200_000}")
    assert time.process_time() - started < 1
