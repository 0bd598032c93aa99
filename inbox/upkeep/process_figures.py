"""The figures of one process: its counters, and its current state.

Each process writes them into its Server row with every heartbeat, so that /metrics
answers for all processes, including those without pages.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from asyncio import AbstractEventLoop, all_tasks
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from inbox.capture.recorder import Recorder
from inbox.capture.tallies import Tallies
from inbox.upkeep.wellbeing import ClockWatch
from mailsink.descriptors import Descriptors
from mailsink.smtp.net.admission import Admission
from mailsink.web.visitors import Visitors

Gauges = Mapping[str, Callable[[], float]]


def gauges(
    recorder: Recorder,
    lag: Callable[[], float],
    admission: Admission,
    visitors: Visitors,
    descriptors: Descriptors,
    data: Path,
    clock: ClockWatch,
    loop: AbstractEventLoop,
) -> Gauges:
    """Return the current state of this process, as gauges by name.

    lag: of the live feed, in seconds; data: the folder; loop: of SMTP and the web
    """
    return {
        "open_sessions": lambda: recorder.open_sessions,
        "recorder_rows": lambda: recorder.queue()[0],
        "recorder_octets": lambda: recorder.queue()[1],
        "smtp": lambda: admission.connections,
        "web": lambda: visitors.connections,
        "websocket": lambda: visitors.websockets,
        "feed_lag": lag,
        "descriptors": descriptors.open,
        "descriptors_limit": lambda: descriptors.limit,
        "tasks": lambda: len(all_tasks(loop)),
        "clock_jump": clock.jump,
        "disk_free": lambda: _free(data),
    }


class ProcessFigures:
    """Reads the counters of a process, and its gauges by name."""

    def __init__(self, tallies: Tallies, gauges: Gauges) -> None:
        self._tallies = tallies
        self._gauges: Gauges = {
            "cpu_seconds": time.process_time,
            "resident_octets": _resident,
            **gauges,
        }

    def now(self) -> dict[str, Any]:
        """Return the figures in types that JSON can hold. From any thread."""
        gauges = {name: read() for name, read in self._gauges.items()}
        return {**self._tallies.figures(), "gauges": gauges}


def _free(data: Path) -> int:
    """Return the free octets on the disk of a folder; 0 if the folder is gone."""
    with suppress(OSError):
        return shutil.disk_usage(data).free
    return 0


def _resident() -> int:
    """Return the octets of memory of the process; on some systems, its maximum so far."""
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
