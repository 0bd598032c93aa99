"""Processor time of a server: user and system, all its threads and children."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
_WINDOW = 1.0  # seconds in which an idle server does nothing
_AT_REST = 0.03  # seconds of processor time that an idle server may use in that window
_LONGEST = 300.0  # seconds


class RestlessError(Exception):
    """A server does not become idle."""


def used(pid: int) -> float:
    """Return the seconds used by a process and its children, including ended ones."""
    seconds: dict[int, float] = {}
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended; its time counts for its parent now
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
    """Wait until a server is idle; return the seconds used, as `used` does.

    unfinished: whether the server reports remaining work; called only when the server
    seems idle, because the answer costs it time. Raises RestlessError after five
    minutes.
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
