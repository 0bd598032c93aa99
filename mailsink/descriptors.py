"""The file descriptors of the process: their number, their shares, and any shortage.

Of the descriptors for connections, half are for mail, and three eighths for the web.
The others are for new clients, which are asked to come again; the last of these are for
mail clients, so that a crowd of web visitors cannot keep mail out. The top is for files
and the database.
"""

from __future__ import annotations

import logging
import os
import resource
import time
from dataclasses import dataclass

log = logging.getLogger(__name__)

_MOST = 65_536  # used at most, even if more are allowed: a connection takes memory, too
_OWN = 60  # open in a server without clients, with its threads at work
_FRESH = 60.0  # seconds for which health reports a refused client


@dataclass(frozen=True, slots=True)
class Shares:
    """The limits of open connections; no connection gets a descriptor from `top` on.

    No web visitor gets a descriptor from `web_top` on.
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
        """Return how many descriptors are open."""
        return len(os.listdir("/dev/fd")) - 1  # without the one of listdir itself

    def turned_away(self) -> None:
        """Count a refused client; log only the first one for a while."""
        now = time.monotonic()
        if not self._is_fresh(now):
            self._turned_away = 0
            log.error("%s", self._words("connections are turned away"))
        self._turned_away += 1
        self._last = now

    def trouble(self) -> str:
        """Return the trouble while it lasts; "" if there is none."""
        if not self._is_fresh(time.monotonic()):
            return ""
        return self._words(f"{self._turned_away} connections were turned away")

    def _is_fresh(self, now: float) -> bool:
        return self._turned_away > 0 and now - self._last < _FRESH

    def _words(self, what: str) -> str:
        if self.limit >= _MOST:
            return f"{what}: this process uses {self.limit} file descriptors at most"
        return (
            f"{what}: this process may have only {self.limit} file descriptors; "
            "raise its limit (ulimit -n, or LimitNOFILE of systemd)"
        )


def raised() -> Descriptors:
    """Return the descriptors, after raising the soft limit as far as useful."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(_MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has another limit
            wanted = soft
        soft = wanted
    return Descriptors(_MOST if soft == resource.RLIM_INFINITY else min(soft, _MOST))
