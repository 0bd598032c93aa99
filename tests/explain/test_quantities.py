"""Times and counts, in words."""

from __future__ import annotations

import pytest

from inbox.explain.quantities import counted, duration, stopwatch


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (0, "0 ms"),
        (3, "0.1 ms"),
        (240, "0.2 ms"),
        (949, "0.9 ms"),
        (950, "1 ms"),
        (3_100, "3 ms"),
        (41_300, "41 ms"),
        (999_499, "999 ms"),
        (999_500, "1.0 s"),
        (59_949_999, "59.9 s"),
        (59_950_000, "1:00 min"),
        (245_000_000, "4:05 min"),
        (3_599_600_000, "1:00 h"),
        (7_500_000_000, "2:05 h"),
    ],
)
def test_duration(us: int, words: str) -> None:
    assert duration(us) == words


def test_counted_and_stopwatch() -> None:
    assert counted(1, "byte") == "1 byte"
    assert counted(14203, "byte") == "14,203 bytes"
    assert [stopwatch(s) for s in (-3, 4, 65, 3723)] == [
        "0:00",
        "0:04",
        "1:05",
        "1:02:03",
    ]
