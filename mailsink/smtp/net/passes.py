"""Passes of the event loop: how much each connection may read in one, so that it stays short.

A pass goes through all connections that have sent something, and everybody else waits for
its end, several times in a message. The cost of an octet depends on its sender: time is
counted, not octets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

# By the time that a pass has taken so far, in nanoseconds: the octets that the next
# connection may read, in plain text and in TLS. Within TLS an octet may cost a hundred
# times as much: a record holds as little as one octet, or none at all.
_SHARES = (
    (2_000_000, 256 * 1024, 32 * 1024),
    (10_000_000, 64 * 1024, 8 * 1024),
    (20_000_000, 16 * 1024, 2 * 1024),
)
_LEAST = (2 * 1024, 1024)
MOST = _SHARES[0][1]
_LONG_NS = 25_000_000  # after a pass that took longer, the next one begins with less
_AT_ONCE = 50  # connections of the line that read in a pass


class Reading(Protocol):
    """A connection, as far as its reading goes."""

    def read_on(self) -> None:
        """Go on to read, after a wait in line."""


class Passes:
    """Counts the time that the connections of a thread take in each pass.

    While passes are long, a connection that has more to send than its share waits in
    line for its next one. Those that send little never wait.
    """

    def __init__(self) -> None:
        self._spent_ns = 0
        self._begins_at_ns = 0  # as if so much had been spent already
        self._ends_soon = False
        self._line: deque[Reading] = deque()

    @property
    def crowded(self) -> bool:
        """Whether passes are long."""
        return self._begins_at_ns > 0

    def share(self, secure: bool) -> int:
        """Return how many octets a connection may read now."""
        spent_ns = self._begins_at_ns + self._spent_ns
        for until_ns, plain, tls in _SHARES:
            if spent_ns < until_ns:
                return tls if secure else plain
        return _LEAST[secure]

    def spend(self, ns: int) -> None:
        """Count time that was spent on a connection in this pass."""
        self._spent_ns += ns
        self._end_soon()

    def wait_in_line(self, connection: Reading) -> None:
        """Have a connection go on when it is its turn."""
        self._line.append(connection)

    def _end_soon(self) -> None:
        if not self._ends_soon:
            self._ends_soon = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Begin the next pass: with less, for as long as they are long."""
        self._ends_soon = False
        if self._spent_ns > _LONG_NS:
            self._begins_at_ns = min(_LONG_NS, self._begins_at_ns + _LONG_NS // 2)
        else:
            self._begins_at_ns = self._begins_at_ns * 3 // 4
        self._spent_ns = 0
        for _ in range(min(len(self._line), _AT_ONCE)):
            self._line.popleft().read_on()
        if self._line or self._begins_at_ns:
            self._end_soon()
