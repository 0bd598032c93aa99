"""Dates as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.search import periods
from inbox.search.fields.values import ZONE, day
from inbox.search.periods import Period, period

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 17, 40, 30, tzinfo=BERLIN)  # a Saturday
DAY = timedelta(days=1)


def read(text: str, now: datetime = NOW) -> Period:
    found = period(text, now)
    assert found, text
    return found


def local(text: str) -> str:
    """Return the start and the end of a time, by the clock of Berlin."""
    start, end = (
        f"{each.astimezone(BERLIN):%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        for each in (read(text).start, read(text).end)
    )
    return start if start == end else f"{start} {end}"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("now", "2026-11-28 17:40"),
        ("today TODAY 2026-11-28 20261128 2026/11/28 28.11.2026 11/28/2026 saturday "
         "day", "2026-11-28 2026-11-29"),
        ("yesterday fri Friday", "2026-11-27 2026-11-28"),
        ("tomorrow", "2026-11-29 2026-11-30"),
        ("monday mon this-monday last_monday", "2026-11-23 2026-11-24"),
        ("last-saturday", "2026-11-21 2026-11-22"),
        ("week this-week", "2026-11-23 2026-11-30"),
        ("last-week previous-week", "2026-11-16 2026-11-23"),
        ("2026-W05", "2026-01-26 2026-02-02"),
        ("month november nov Nov-2026 2026-11", "2026-11-01 2026-12-01"),
        ("last-month october", "2026-10-01 2026-11-01"),
        ("december dec", "2025-12-01 2026-01-01"),
        ("year 2026", "2026-01-01 2027-01-01"),
        ("last-year 2025", "2025-01-01 2026-01-01"),
        ("2h 2hr 2hours 2-hours-ago 120m 120min", "2026-11-28 15:40"),
        ("an-hour-ago past-hour last-hour 60m", "2026-11-28 16:40"),
        ("7d last-7-days past-week 1w a-week-ago", "2026-11-21 17:40"),
        ("2mo 2-months-ago", "2026-09-28 17:40"),
        ("1y", "2025-11-28 17:40"),
        ("9am 9:00 09:00 today-9am today-at-9am", "2026-11-28 09:00"),
        ("noon 12pm 12:00", "2026-11-28 12:00"),
        ("midnight 12am", "2026-11-28"),
        ("yesterday_14:30 fri_2:30pm 2026-11-27T14:30", "2026-11-27 14:30"),
        ("31-jan jan-31 31-Jan-2026 1/31/2026 31st_of_january 2026.1.31",
         "2026-01-31 2026-02-01"),
        ("feb-29", "2024-02-29 2024-03-01"),
    ],
)  # fmt: skip
def test_what_people_type(texts: str, expected: str) -> None:
    for text in texts.split():
        assert local(text.replace("_", " ")) == expected, text


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "10", "any", "ad", "as", "last", "25:00", "13pm", "0000", "2026-13-01", "1h30",
     "3/4/2026", "31 june", "32 jan", "jan feb", "monday tuesday", "next week", "\uff12h", "x" * 41,
     "after", "ago", "a", "an", "at", ":", "-", "2026-01-31T25:00"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert period(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00:00", "2026-01-31T11:00:00+00:00"),
        ("2026-01-31T12:00:00-05:00", "2026-01-31T17:00:00+00:00"),
    ],
)
def test_a_time_without_an_offset_is_the_readers(text: str, at: str) -> None:
    assert read(text).start.isoformat() == at


def test_days_are_as_long_as_the_clock_makes_them() -> None:
    spring = datetime(2026, 3, 29, 12, tzinfo=BERLIN)
    today = read("today", spring)
    assert today.end - today.start == timedelta(hours=23)
    assert read("24h", spring).start == datetime(2026, 3, 28, 10, tzinfo=UTC)
    assert read("9am", spring).start == datetime(2026, 3, 29, 7, tzinfo=UTC)


_ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"]
)
_MOMENTS = st.builds(
    lambda at, zone: at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)),
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),
    _ZONES,
)


@given(_MOMENTS)
def test_days_follow_each_other(now: datetime) -> None:
    yesterday, today, tomorrow = (
        read(each, now) for each in ("yesterday", "today", "tomorrow")
    )
    assert today.start <= now < today.end
    assert (yesterday.end, today.end) == (today.start, tomorrow.start)
    assert periods.day_of(now, now) == today
    for unit in ("week", "month", "year"):
        this, last = read(f"this {unit}", now), read(f"last {unit}", now)
        assert this.start <= now < this.end
        assert last.end == this.start


@given(_MOMENTS, st.booleans(), st.timedeltas(timedelta(0), 2 * DAY))
def test_the_ends_of_the_calendar_have_days_too(
    now: datetime, first: bool, inward: timedelta
) -> None:
    last = datetime.max.replace(tzinfo=UTC)
    at = periods.EARLIEST + inward if first else last - inward
    found = periods.day_of(at, now)
    assert found.start <= at
    assert found.start <= found.end


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Sao_Paulo", "UTC"])
@pytest.mark.parametrize(
    "text", ["9999y", "0001-01-01T00:00Z", "9999-12-31T23:30Z", "9999-12-31"]
)
def test_a_search_on_the_ends_of_the_calendar(text: str, zone: str) -> None:
    before = ZONE.set(ZoneInfo(zone))
    try:
        start, end = day(text)
    finally:
        ZONE.reset(before)
    assert start <= end


@given(_MOMENTS, st.sampled_from(periods.WORDS))
def test_a_named_time_is_the_last_one_that_began(now: datetime, word: str) -> None:
    found = read(word, now)
    assert found.start < found.end
    if word in periods._WEEKDAYS:
        assert now - 8 * DAY < found.start <= now
        day = found.start.astimezone(now.tzinfo)
        assert periods._WEEKDAYS[day.weekday()] == word
        assert read(word[:3], now) == found
    if word in periods._MONTHS:
        assert now - 368 * DAY < found.start <= now
        assert found == read(f"{word} {found.start.astimezone(now.tzinfo).year}", now)


@given(_MOMENTS, st.integers(0, 999_999), st.sampled_from(["s", "m", "h", "d", "w"]))
def test_so_long_ago_is_so_long(now: datetime, count: int, unit: str) -> None:
    seconds = count * {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[unit]
    ages = {read(f"{count}{unit}", now).start, read(f"{count} {unit} ago", now).start}
    [at] = ages
    assert at == periods.EARLIEST or now - at == timedelta(seconds=seconds)


_PIECES = st.sampled_from(
    [*periods.WORDS, *periods._UNITS, "ago", "last", "at", "9am", "14:30", "31", "2026", "-", "/",
     ".", ":", " ", "T", "Z", "+23:59", "0", "999999", "a"]
)  # fmt: skip


@given(_MOMENTS, st.lists(_PIECES, max_size=6).map("".join) | st.text(max_size=45))
def test_any_text_is_a_time_or_none(now: datetime, text: str) -> None:
    found = period(text, now)
    if found:
        assert found.start <= found.end
        assert found.start.tzinfo is UTC
