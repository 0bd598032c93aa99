"""Quantities as people read them: times, counts with their noun, texts cut to a length."""

from __future__ import annotations

import re
from datetime import datetime


def duration(us: int) -> str:
    """Return a duration given in microseconds: "0.2 ms", "41 ms", "1.2 s", "4:05 min"."""
    if us < 9_950:
        return f"{us / 1000:.1f} ms"
    if us < 999_500:
        return f"{us / 1000:.0f} ms"
    if us < 59_950_000:
        return f"{us / 1_000_000:.1f} s"
    minutes, seconds = divmod(round(us / 1_000_000), 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def waited(seconds: float) -> str:
    """Return a time between tries: "0.2 s", "62 s", "5 min", "3 h 10 min", "2 days"."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h{f' {minutes % 60} min' if minutes % 60 else ''}"
    return f"{round(minutes / 1440)} days"


def counted(number: int, noun: str) -> str:
    """Return the number and its noun: "1 message", "12 messages"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def stopwatch(seconds: int) -> str:
    """Return a time that runs: "0:04", "1:02:03". static/js/ticking.js counts on."""
    hours, rest = divmod(max(0, seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago: "just now", "2 minutes ago", "3 hours ago", "40 days ago"."""
    seconds = int((now - then).total_seconds())
    if seconds < 5:
        return "just now"
    for size, noun in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(seconds // size, noun)} ago"
    return f"{seconds} seconds ago"


_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shortened(text: str, most: int = 100) -> str:
    """Return another's text as it may stand in a sentence of ours.

    Cut where it is long, and without characters that turn the direction of the rest.
    """
    text = _DIRECTIONS.sub("", text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
