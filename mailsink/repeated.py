"""Lines of the log that anybody can cause as often as they like."""

from __future__ import annotations

import logging
import time

_MINUTE = 60.0  # seconds
_LONGEST = 200  # characters


class OnceAMinute(logging.Filter):
    """Lets a warning through once a minute, cut, and with how many it stands for.

    Warnings are alike if their words are, whatever they are about. Errors all pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}  # when a warning passed, by its words
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
