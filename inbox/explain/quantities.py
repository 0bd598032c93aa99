"""Quantities in readable form: times, counts with their noun, texts cut to a length."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def duration(us: int) -> str:
    """Return a duration given in microseconds: "0.2 ms", "41 ms", "1.2 s", "4:05 min"."""
    if 0 < us < 950:
        return f"{max(us, 100) / 1000:.1f} ms"
    if us < 999_500:
        return f"{us / 1000:.0f} ms"
    if us < 59_950_000:
        return f"{us / 1_000_000:.1f} s"
    minutes, seconds = divmod(round(us / 1_000_000), 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def waited(seconds: float) -> str:
    """Return the time between attempts: "0.2 s", "62 s", "5 min", "3 h 10 min", "2 days"."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h{f' {minutes % 60} min' if minutes % 60 else ''}"
    return counted(round(minutes / 1440), "day")


Noun = Literal[
    "attempt", "byte", "day", "domain", "extension", "finding", "hour", "line", "message", "minute",
    "recipient", "second", "session", "time",
]  # fmt: skip

_NOUNS: dict[Noun, Callable[[int], str]] = {
    "attempt": lambda n: ngettext("%(n)s attempt", "%(n)s attempts", n),
    "byte": lambda n: ngettext("%(n)s byte", "%(n)s bytes", n),
    "day": lambda n: ngettext("%(n)s day", "%(n)s days", n),
    "domain": lambda n: ngettext("%(n)s domain", "%(n)s domains", n),
    "extension": lambda n: ngettext("%(n)s extension", "%(n)s extensions", n),
    "finding": lambda n: ngettext("%(n)s finding", "%(n)s findings", n),
    "hour": lambda n: ngettext("%(n)s hour", "%(n)s hours", n),
    "line": lambda n: ngettext("%(n)s line", "%(n)s lines", n),
    "message": lambda n: ngettext("%(n)s message", "%(n)s messages", n),
    "minute": lambda n: ngettext("%(n)s minute", "%(n)s minutes", n),
    "recipient": lambda n: ngettext("%(n)s recipient", "%(n)s recipients", n),
    "second": lambda n: ngettext("%(n)s second", "%(n)s seconds", n),
    "session": lambda n: ngettext("%(n)s session", "%(n)s sessions", n),
    "time": lambda n: ngettext("%(n)s time", "%(n)s times", n),
}


def counted(number: int, noun: Noun) -> str:
    """Return the number and its noun: "1 message", "12 messages"."""
    return _NOUNS[noun](number) % {"n": f"{number:,}"}


def compact(octets: int) -> str:
    """Return a size in short form: "812 B", "4.5 KB", "20 MB"."""
    value, unit = float(octets), "B"
    for larger in ("KB", "MB", "GB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return (
        f"{value:.1f} {unit}" if unit != "B" and value < 9.95 else f"{value:.0f} {unit}"
    )


def stopwatch(seconds: int) -> str:
    """Return a running time: "0:04", "1:02:03". static/js/widgets/elapsed.js continues it."""
    hours, rest = divmod(max(0, seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


_UNITS: tuple[tuple[int, Noun], ...] = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def ago(then: datetime, now: datetime) -> str:
    """Return the time since then: "just now", "2 minutes ago", "3 hours ago", "40 days ago"."""
    seconds = int((now - then).total_seconds())
    if seconds < 5:
        return _("just now")
    for size, noun in _UNITS:
        if seconds >= size:
            return _("%(time)s ago") % {"time": counted(seconds // size, noun)}
    return _("%(time)s ago") % {"time": counted(seconds, "second")}


_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shortened(text: str, most: int = 100) -> str:
    """Return a foreign text in a form that is safe in one of our sentences.

    It is cut if long, and has no characters that change the direction of the rest.
    """
    text = _DIRECTIONS.sub("", text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
