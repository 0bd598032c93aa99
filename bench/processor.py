"""Processor time of a server: user and system, all its threads and children."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
_WINDOW = 1.0  # seconds in which a server that is at rest does nothing
_AT_REST = 0.03  # seconds of processor time in that window, which an idle one may use
_LONGEST = 300.0  # seconds


class RestlessError(Exception):
    """A server does not come to rest."""


def used(pid: int) -> float:
    """Return the seconds that a process and its children used, those that ended too."""
    seconds: dict[int, float] = {}
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended; its parent has its time now
        child = int(path.parent.name)
        children[int(fields[1])].append(child)
        # utime, stime, cutime, cstime of proc(5)
        seconds[child] = sum(map(int, fields[11:15])) * _TICK
    total, tree = 0.0, [pid]
    while tree:
        parent = tree.pop()
        total += seconds.get(parent, 0.0)
        tree += children[parent]
    return total


def when_at_rest(pid: int, unfinished: Callable[[], bool]) -> float:
    """Wait until a server does nothing more; return the seconds used, as `used`.

    unfinished: whether it says that work is left; asked only when it seems to be at rest,
    because the answer costs it time. Raises RestlessError after five minutes.
    """
    until = time.monotonic() + _LONGEST
    before = used(pid)
    while time.monotonic() < until:
        time.sleep(_WINDOW)
        now = used(pid)
        if now - before <= _AT_REST and not unfinished():
            return now
        before = used(pid)
    raise RestlessError(f"it is still at work {_LONGEST:.0f} s after the last message")
