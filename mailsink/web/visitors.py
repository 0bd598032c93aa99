"""The connections to the web: the one that is idle longest makes room for a new one.

A connection is idle while it has no request under way: it has sent an incomplete one,
or none since the last answer.
"""

from __future__ import annotations

from typing import Protocol

# Each websocket gets an event for every mail, from the loop that receives it.
MOST_LIVE = 200
_FILES = 2  # for a large body: one as it arrives, one as Django reads it


class Visitor(Protocol):
    """A connection."""

    def dismiss(self) -> None:
        """Close the connection to make room for another."""


def most_live(most: int) -> int:
    """Return how many connections out of `most` may be websockets."""
    return min(MOST_LIVE, most // 2)


class Visitors:
    """Limits the connections at one time, with the files of their bodies.

    Half of them, up to MOST_LIVE, may be websockets.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: dict[Visitor, None] = {}  # in the order in which they became idle
        self._busy: set[Visitor] = set()
        self._live: set[Visitor] = set()
        self._with_files: set[Visitor] = set()

    @property
    def connections(self) -> int:
        """The number of connections now, websockets included."""
        return len(self._idle) + len(self._busy) + len(self._live)

    @property
    def websockets(self) -> int:
        """The number of websockets now."""
        return len(self._live)

    def arrive(self, visitor: Visitor) -> bool:
        """Let a new connection in; return whether there is room for it."""
        if not self._make_room(1):
            return False
        self._idle[visitor] = None
        return True

    def open_files(self, visitor: Visitor) -> bool:
        """Count files for a body that outgrows memory; return whether there is room."""
        if visitor in self._idle:  # it sends a body: others must go before it
            self._idle[visitor] = self._idle.pop(visitor)
        if not self._make_room(_FILES, visitor):
            return False
        self._with_files.add(visitor)
        return True

    def close_files(self, visitor: Visitor) -> None:
        """Note that the visitor's body is gone."""
        self._with_files.discard(visitor)

    def _make_room(self, places: int, visitor: Visitor | None = None) -> bool:
        """Dismiss idle visitors, but not this one; return whether there is room."""
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
        """Note that a request of the visitor is under way."""
        if visitor in self._idle:
            del self._idle[visitor]
            self._busy.add(visitor)

    def rest(self, visitor: Visitor) -> None:
        """Note that the visitor's request was answered."""
        if visitor in self._busy:
            self._busy.remove(visitor)
            self._idle[visitor] = None

    def stay(self, visitor: Visitor) -> bool:
        """Turn a visitor into a websocket; return whether there is room for one."""
        if len(self._live) >= most_live(self._most):
            return False
        self.leave(visitor)
        self._live.add(visitor)
        return True

    def leave(self, visitor: Visitor) -> None:
        """Note that the visitor is gone."""
        self._idle.pop(visitor, None)
        self._busy.discard(visitor)
        self._live.discard(visitor)
        self._with_files.discard(visitor)
