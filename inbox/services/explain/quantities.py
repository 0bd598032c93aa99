"""Quantities as people read them: times from microseconds, counts with their noun."""

from __future__ import annotations


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
