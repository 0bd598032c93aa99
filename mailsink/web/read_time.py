"""Requests that read for long: they are cut, and answered where others like them wait."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class ReadTime:
    """How long a request may read, in seconds.

    comes_again: it is answered again where it may read for longer; is_cut: it took too long
    """

    seconds: float
    comes_again: bool
    is_cut: bool = False


_reading: ContextVar[ReadTime | None] = ContextVar("mailsink_reading", default=None)


def begin(seconds: float, comes_again: bool) -> ReadTime:
    """Bound what the request of this context reads."""
    reading = ReadTime(seconds, comes_again)
    _reading.set(reading)
    return reading


def current() -> ReadTime | None:
    """Return how long this context's request may read; None if it may for ever."""
    return _reading.get()
