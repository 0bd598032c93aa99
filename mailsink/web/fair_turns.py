"""Fair turns at a resource that serves a few at a time.

Cheap requests go before expensive ones. Among requests of the same cost, the client
with fewer waiting requests goes first.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count


class TooMany(Exception):
    """The maximum of requests already wait."""


class FairTurns:
    """A lock that a few requests hold at a time. For one event loop."""

    def __init__(self, places: int = 1, most: float = math.inf) -> None:
        """places: turns at the same time; most: requests that have a turn or wait."""
        self._free = places
        self._room = most
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._of: Counter[str] = Counter()  # waiting requests of each client
        self._place = 0  # of the last turn, in the order of turns
        self._numbers = count()

    @asynccontextmanager
    async def turn(self, who: str, cost: int) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. cost: a rough measure, at least 1.

        Raises TooMany.
        """
        await self.take(who, cost)
        try:
            yield
        finally:
            self.leave()

    async def take(self, who: str, cost: int = 1) -> None:
        """Wait for a turn. Raises TooMany."""
        if self._room <= 0:
            raise TooMany
        self._room -= 1
        if self._free:
            self._free -= 1
            return
        self._of[who] += 1
        mine = asyncio.get_running_loop().create_future()
        # Places only grow, so that an expensive request gets a turn in the end.
        place = self._place + cost * self._of[who]
        heappush(self._waiting, (place, next(self._numbers), mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._room += 1
            else:  # the turn came too late
                self.leave()
            raise
        finally:
            self._of[who] -= 1
            if not self._of[who]:
                del self._of[who]

    def leave(self) -> None:
        """End a turn that was taken."""
        self._room += 1
        while self._waiting:
            self._place, _number, next_one = heappop(self._waiting)
            if not next_one.cancelled():
                next_one.set_result(None)
                return
        self._free += 1
