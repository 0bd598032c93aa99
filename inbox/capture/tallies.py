"""The counters of a process since its start, for monitoring (/metrics).

The recorder only increments a dictionary; all other work is done when the counters are
read. Keys come from closed lists, never from a client's text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any

# Upper bounds of the buckets of the commit histogram; seconds.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Tallies:
    """Counters of sessions, transactions, replies, octets and commits.

    Written under the recorder's mutex, on its thread and on the event loop; each
    counter is written in one place only. Can be read from any thread.
    """

    __slots__ = (
        "_commit_seconds", "_commits", "failed_commits", "octets", "replies", "sessions",
        "transactions",
    )  # fmt: skip

    def __init__(self) -> None:
        # ended sessions, by direction, kind of listener, ending
        self.sessions: Counter[tuple[str, str, str]] = Counter()
        self.transactions: Counter[str] = Counter()  # by outcome
        # by direction, verb (for a line without one, its kind), code
        self.replies: Counter[tuple[str, str, int]] = Counter()
        self.octets = 0  # of the stored messages
        self.failed_commits = 0
        # by the first bound that is not exceeded
        self._commits = [0] * (len(BOUNDS) + 1)
        self._commit_seconds = 0.0

    def committed(self, seconds: float) -> None:
        """Count a commit, with its duration."""
        self._commits[bisect_left(BOUNDS, seconds)] += 1
        self._commit_seconds += seconds

    def figures(self) -> dict[str, Any]:
        """Return all counters, in types that JSON can hold."""
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
    """Return a row for each key: its parts, then its count."""
    return [
        [*(key if isinstance(key, tuple) else (key,)), count] for key, count in counted
    ]
