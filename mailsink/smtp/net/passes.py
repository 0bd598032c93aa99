"""Keeps passes of the event loop short: limits what each connection reads in one.

A pass visits all connections that have sent something. All others wait for its end,
several times for each message. The cost of an octet depends on its sender, so time is
counted, not octets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

# Rows of (time of the pass so far in nanoseconds, octets that the next connection may
# read in plain text, and in TLS). Within TLS an octet may cost a hundred times as much:
# a record can hold a single octet, or none.
_SHARES = (
    (2_000_000, 256 * 1024, 32 * 1024),
    (10_000_000, 64 * 1024, 8 * 1024),
    (20_000_000, 16 * 1024, 2 * 1024),
)
_LEAST = (2 * 1024, 1024)
MOST = _SHARES[0][1]
_LONG_NS = 25_000_000  # after a longer pass, the next one begins with smaller shares
_AT_ONCE = 50  # connections from the line that read in a pass


class Reading(Protocol):
    """A connection as passes see it."""

    def read_on(self) -> None:
        """Continue reading after a wait in line."""


class Passes:
    """Counts the time that the connections of a thread take in each pass.

    While passes are long, a connection that sends more than its share waits in line for
    the next share. Connections that send little never wait.
    """

    def __init__(self) -> None:
        self._spent_ns = 0
        self._begins_at_ns = 0  # time counted as spent when a pass begins
        self._ends_soon = False
        self._line: deque[Reading] = deque()

    @property
    def crowded(self) -> bool:
        """Whether passes are too long."""
        return self._begins_at_ns > 0

    def share(self, secure: bool) -> int:
        """Return how many octets a connection may read now."""
        spent_ns = self._begins_at_ns + self._spent_ns
        for until_ns, plain, tls in _SHARES:
            if spent_ns < until_ns:
                return tls if secure else plain
        return _LEAST[secure]

    def spend(self, ns: int) -> None:
        """Count time spent on a connection in this pass, in nanoseconds."""
        self._spent_ns += ns
        self._end_soon()

    def wait_in_line(self, connection: Reading) -> None:
        """Let a connection continue when its turn comes."""
        self._line.append(connection)

    def _end_soon(self) -> None:
        if not self._ends_soon:
            self._ends_soon = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Begin the next pass, with smaller shares as long as passes are too long."""
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
