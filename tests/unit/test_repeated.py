"""Warnings that anybody can cause: one line a minute, with a count."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from mailsink import repeated
from mailsink.repeated import OnceAMinute

KILLED = "Application instance %r took too long to shut down and was killed."


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Returns the line that a record becomes at a time; "" if it is held back."""
    once = OnceAMinute()

    def at(now: float, words: str, *values: object, level: int = 30) -> str:
        monkeypatch.setattr(repeated.time, "monotonic", lambda: now)
        record = logging.LogRecord("x", level, "", 0, words, values, None)
        return record.getMessage() if once.filter(record) else ""

    return at


def test_a_warning_passes_once_a_minute_and_is_counted(
    passed: Callable[..., str],
) -> None:
    assert passed(5.0, KILLED, "a").endswith("was killed.")
    for n in range(1000):
        assert passed(6 + n / 100, KILLED, f"x{n}") == ""
    assert passed(7.0, "another of %s", "100%") == "another of 100%"
    assert passed(65.0, KILLED, "b").endswith("(1000 more like it since the last)")
    assert passed(125.0, KILLED, "c").endswith("was killed.")


def test_a_long_line_is_cut(passed: Callable[..., str]) -> None:
    assert len(passed(0.0, KILLED, "x" * 5000)) < 250


def test_errors_all_pass(passed: Callable[..., str]) -> None:
    for n in range(3):
        assert passed(n, "failed: %s", n, level=logging.ERROR) == f"failed: {n}"
