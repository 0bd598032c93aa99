"""The connections to the web: the one that is idle longest makes room for a newcomer.

A connection is idle while no request of it is under way: it sent half of one, or none
since the last answer.
"""

from __future__ import annotations

from typing import Protocol

# Each is told of every mail, on the loop that receives it.
MOST_LIVE = 200


class Visitor(Protocol):
    """A connection."""

    def dismiss(self) -> None:
        """Close it: another one needs its place."""


class Visitors:
    """At most so many connections at once; of them a half as websockets, up to MOST_LIVE."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: dict[Visitor, None] = {}  # in the order in which they became so
        self._busy: set[Visitor] = set()
        self._live: set[Visitor] = set()

    def arrive(self, visitor: Visitor) -> bool:
        """Let a newcomer in; False if there is no room for it."""
        if len(self._idle) + len(self._busy) + len(self._live) >= self._most:
            if not self._idle:
                return False
            first = next(iter(self._idle))
            del self._idle[first]
            first.dismiss()
        self._idle[visitor] = None
        return True

    def work(self, visitor: Visitor) -> None:
        """A request of it is under way."""
        if visitor in self._idle:
            del self._idle[visitor]
            self._busy.add(visitor)

    def rest(self, visitor: Visitor) -> None:
        """Its request was answered."""
        if visitor in self._busy:
            self._busy.remove(visitor)
            self._idle[visitor] = None

    def stay(self, visitor: Visitor) -> bool:
        """It becomes a websocket; False if there are too many."""
        if len(self._live) >= min(MOST_LIVE, self._most // 2):
            return False
        self.leave(visitor)
        self._live.add(visitor)
        return True

    def leave(self, visitor: Visitor) -> None:
        """It is gone."""
        self._idle.pop(visitor, None)
        self._busy.discard(visitor)
        self._live.discard(visitor)
