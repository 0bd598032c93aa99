"""Recurrence rules in words."""

from __future__ import annotations

import pytest

from inbox.content.recurrences import words


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU", "every 2 weeks on Monday, Wednesday"),
        ("FREQ=WEEKLY;COUNT=4", "every week, 4 times"),
        ("FREQ=MONTHLY;BYDAY=2TU", "every month on the second Tuesday"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=1", "every month on the last Friday, once"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on day 1, 15 of the month"),
        ("freq=yearly;bymonth=12;until=20301231T235959Z", "every year in December, until 31 Dec 2030"),
    ],
)  # fmt: skip
def test_simple_rules(rule: str, expected: str) -> None:
    assert words(rule) == expected


@pytest.mark.parametrize(
    "rule",
    ["", "FREQ=SECONDLY", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "FREQ=DAILY;INTERVAL=0",
     "FREQ=DAILY;COUNT=99999999", "FREQ=WEEKLY;BYDAY=XX", "FREQ=YEARLY;BYMONTH=13",
     "FREQ=DAILY;UNTIL=never", "FREQ=MONTHLY;BYMONTHDAY=-1", "BYDAY=MO", "FREQ"],
)  # fmt: skip
def test_what_is_not_simple_is_left_as_it_stands(rule: str) -> None:
    assert words(rule) == ""
