"""The counters of a process since its start, for whoever watches it (/metrics).

Counting is an increment of a dictionary, on the recorder's way; all else is done when
somebody reads. Keys come from closed lists, never from what a client wrote.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any

# Bounds of the histogram of commits; seconds.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Tallies:
    """Counters of sessions, transactions, replies, octets and commits.

    Written under the recorder's mutex, on its thread and on the event loop, each counter
    in one place only. Read from any thread.
    """

    __slots__ = (
        "_commit_seconds", "_commits", "failed_commits", "octets", "replies", "sessions",
        "transactions",
    )  # fmt: skip

    def __init__(self) -> None:
        # ended, by direction, kind of listener, ending
        self.sessions: Counter[tuple[str, str, str]] = Counter()
        self.transactions: Counter[str] = Counter()  # by outcome
        # by direction, verb (of a line without one its kind), code
        self.replies: Counter[tuple[str, str, int]] = Counter()
        self.octets = 0  # of the messages stored
        self.failed_commits = 0
        self._commits = [0] * (len(BOUNDS) + 1)  # by the first bound that is not passed
        self._commit_seconds = 0.0

    def committed(self, seconds: float) -> None:
        """Count a commit that took so long."""
        self._commits[bisect_left(BOUNDS, seconds)] += 1
        self._commit_seconds += seconds

    def figures(self) -> dict[str, Any]:
        """Return all counters, as JSON can hold them."""
        return {
            "sessions": _rows(self.sessions.copy().items()),
            "transactions": _rows(self.transactions.copy().items()),
            "replies": _rows(self.replies.copy().items()),
            "octets": self.octets,
            "failed_commits": self.failed_commits,
            "commits": list(self._commits),
            "commit_seconds": self._commit_seconds,
        }


def _rows(counted: Iterable[tuple[Any, int]]) -> list[list[Any]]:
    """Return rows of the parts of a key, and its count behind them."""
    return [
        [*(key if isinstance(key, tuple) else (key,)), count] for key, count in counted
    ]
