"""Cuts requests that read for long.

They are answered again with others of their kind.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class ReadTime:
    """The time that a request may read, in seconds.

    comes_again: after a cut it is answered again, with more time
    is_cut: it took too long
    """

    seconds: float
    comes_again: bool
    is_cut: bool = False


_reading: ContextVar[ReadTime | None] = ContextVar("mailsink_reading", default=None)


def begin(seconds: float, comes_again: bool) -> ReadTime:
    """Limit the reading time of this context's request, in seconds."""
    reading = ReadTime(seconds, comes_again)
    _reading.set(reading)
    return reading


def current() -> ReadTime | None:
    """Return the reading time of this context's request; None if it has no limit."""
    return _reading.get()
