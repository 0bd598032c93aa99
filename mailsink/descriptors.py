"""The file descriptors of the process: their number, their shares, and whether they ran out.

Half of those for connections are for mail, three eighths for the web. The rest is for
newcomers, who are asked to come again: the last of it for those with mail, so that
visitors who press in cannot keep mail out. The top is for files and the database.
"""

from __future__ import annotations

import logging
import os
import resource
import time
from dataclasses import dataclass

log = logging.getLogger(__name__)

_MOST = (
    65_536  # that are used, however many are allowed: a connection takes memory, too
)
_OWN = 60  # what a server without clients has open, its threads at work
_FRESH = 60.0  # seconds for which health says that somebody was turned away


@dataclass(frozen=True, slots=True)
class Shares:
    """How many connections may be open at once; a descriptor from `top` on is for none.

    A descriptor from `web_top` on is for no visitor.
    """

    smtp: int
    web: int
    web_top: int
    top: int


class Descriptors:
    """The descriptors of this process."""

    def __init__(self, limit: int) -> None:
        top = limit - min(64, limit // 4)
        free = max(8, top - _OWN)
        self.limit = limit
        self.shares = Shares(
            smtp=free // 2,
            web=free * 3 // 8,
            web_top=top - max(8, free // 8),  # files take descriptors below the top
            top=top,
        )
        self._turned_away = 0
        self._last = 0.0

    @staticmethod
    def open() -> int:
        """Return how many are open."""
        return len(os.listdir("/dev/fd")) - 1  # without that of the list itself

    def turned_away(self) -> None:
        """Count a newcomer who was turned away; log the first for a while."""
        now = time.monotonic()
        if not self._is_fresh(now):
            self._turned_away = 0
            log.error("%s", self._words("connections are turned away"))
        self._turned_away += 1
        self._last = now

    def trouble(self) -> str:
        """Return what is wrong, for as long as it is; "" if nothing is."""
        if not self._is_fresh(time.monotonic()):
            return ""
        return self._words(f"{self._turned_away} connections were turned away")

    def _is_fresh(self, now: float) -> bool:
        return self._turned_away > 0 and now - self._last < _FRESH

    def _words(self, what: str) -> str:
        if self.limit >= _MOST:
            return f"{what}: this process uses {self.limit} file descriptors at most"
        return (
            f"{what}: this process may have {self.limit} file descriptors only; "
            "raise its limit (ulimit -n, or LimitNOFILE of systemd)"
        )


def raised() -> Descriptors:
    """Return the descriptors, after raising the soft limit as far as is of use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(_MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has a limit of its own beside it
            wanted = soft
        soft = wanted
    return Descriptors(_MOST if soft == resource.RLIM_INFINITY else min(soft, _MOST))
