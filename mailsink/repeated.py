"""Limits log lines that any client can cause without end."""

from __future__ import annotations

import logging
import time

_MINUTE = 60.0  # seconds
_LONGEST = 200  # characters


class OnceAMinute(logging.Filter):
    """Passes a warning once a minute, cut short, with the number of suppressed ones.

    Warnings are the same if their format string is, with any values. All errors pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}  # when a warning last passed, by its format
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.WARNING:
            return True
        words, now = str(record.msg), time.monotonic()
        if now - self._last.get(words, -_MINUTE) < _MINUTE:
            self._held[words] = self._held.get(words, 0) + 1
            return False
        self._last[words] = now
        held = self._held.pop(words, 0)
        record.msg, record.args = _cut(record.getMessage(), held), ()
        return True


def _cut(line: str, held: int) -> str:
    line = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return f"{line} ({held} more like it since the last)" if held else line
