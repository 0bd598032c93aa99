"""The connections to the web: the one that is idle longest makes room for a newcomer.

A connection is idle while no request of it is under way: it sent half of one, or none
since the last answer.
"""

from __future__ import annotations

from typing import Protocol

# Each hears of every mail, on the loop that receives it.
MOST_LIVE = 200
_FILES = 2  # of a large body: as it comes, and as Django reads it


class Visitor(Protocol):
    """A connection."""

    def dismiss(self) -> None:
        """Close it: another one needs its place."""


def most_live(most: int) -> int:
    """Return how many of so many connections may be websockets."""
    return min(MOST_LIVE, most // 2)


class Visitors:
    """At most so many connections at once, with the files of their bodies.

    Of them a half as websockets, up to MOST_LIVE.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: dict[Visitor, None] = {}  # in the order in which they became so
        self._busy: set[Visitor] = set()
        self._live: set[Visitor] = set()
        self._with_files: set[Visitor] = set()

    @property
    def connections(self) -> int:
        """How many there are now, websockets included."""
        return len(self._idle) + len(self._busy) + len(self._live)

    @property
    def websockets(self) -> int:
        """How many of them are websockets."""
        return len(self._live)

    def arrive(self, visitor: Visitor) -> bool:
        """Let a newcomer in; False if there is no room for it."""
        if not self._make_room(1):
            return False
        self._idle[visitor] = None
        return True

    def open_files(self, visitor: Visitor) -> bool:
        """Its body outgrows memory; False if there is no room for files."""
        if visitor in self._idle:  # not so idle: others give way before it
            self._idle[visitor] = self._idle.pop(visitor)
        if not self._make_room(_FILES, visitor):
            return False
        self._with_files.add(visitor)
        return True

    def close_files(self, visitor: Visitor) -> None:
        """Its body is gone."""
        self._with_files.discard(visitor)

    def _make_room(self, places: int, visitor: Visitor | None = None) -> bool:
        """Dismiss idle ones, but not this one; return whether there is room."""
        while self._taken() + places > self._most:
            first = next(iter(self._idle), visitor)
            if first is None or first is visitor:
                return False
            self.leave(first)
            first.dismiss()
        return True

    def _taken(self) -> int:
        return self.connections + _FILES * len(self._with_files)

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
        if len(self._live) >= most_live(self._most):
            return False
        self.leave(visitor)
        self._live.add(visitor)
        return True

    def leave(self, visitor: Visitor) -> None:
        """It is gone."""
        self._idle.pop(visitor, None)
        self._busy.discard(visitor)
        self._live.discard(visitor)
        self._with_files.discard(visitor)
