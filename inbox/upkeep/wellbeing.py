"""Looks for faults of a process that still works, for /health/ready and /metrics."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from inbox.upkeep import background

_LITTLE = 512 * 1024 * 1024  # octets; with less, the disk counts as nearly full
_LATE = 5.0  # seconds that a viewer may wait
_JUMP = 2.0  # seconds by which the clock may be corrected unnoticed
_NEWS = 3600.0  # seconds for which a jump is reported
# Includes the time of sleep, if the system has such a clock.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

Notices = Mapping[str, Callable[[], str]]


class ClockWatch:
    """Notices when the time of day is set forward or back while the process runs."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = lambda: time.clock_gettime(_STEADY),
    ) -> None:
        self._wall, self._steady = wall, steady
        self._apart = wall() - steady()
        self._jumped_by, self._jumped_at = 0.0, 0.0

    def jump(self) -> float:
        """Return the seconds of the last jump within an hour; 0.0 if there was none."""
        now = self._steady()
        apart = self._wall() - now
        if abs(apart - self._apart) > _JUMP:
            self._jumped_by, self._jumped_at = apart - self._apart, now
        self._apart = apart  # small steps, such as those of NTP, do not add up
        if self._jumped_by and now - self._jumped_at > _NEWS:
            self._jumped_by = 0.0
        return self._jumped_by

    def trouble(self) -> str:
        """Return a jump in words; "" if there was none."""
        if not (jump := self.jump()):
            return ""
        way = "forward" if jump > 0 else "back"
        return (
            f"the clock was put {way} by {abs(jump):.0f} s within the last hour: "
            "times before and after the change cannot be compared"
        )


def notices(data: Path, lag: Callable[[], float], clock: ClockWatch) -> Notices:
    """Return the checks by name; each returns a fault, or "".

    data: the folder; lag: of the live feed, in seconds
    """
    return {
        "disk": lambda: _disk(data),
        "feed": lambda: _feed(lag()),
        "clock": clock.trouble,
        "background": background.trouble,
    }


def _disk(data: Path) -> str:
    try:
        free = shutil.disk_usage(data).free
    except OSError as error:
        return f"the free space on the disk of {str(data)!r} cannot be read: {error.strerror}"
    if free >= _LITTLE:
        return ""
    return (
        f"{free // 1024 // 1024} MiB are left on the disk of {str(data)!r}: once it is "
        "full, clients get 452"
    )


def _feed(lag: float) -> str:
    if lag <= _LATE:
        return ""
    return f"the live feed is {lag:.0f} s behind: viewers see events late"
