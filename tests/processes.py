"""The processes that another one has started."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the children of a process; those of one thread in the order of their starts.

    Their numbers have no order: after the highest the system begins again.
    """
    found: list[int] = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            found += map(int, each.read_text().split())
    return found
