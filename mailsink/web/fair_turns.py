"""Turns at what serves a few at a time: fair ones.

Those who ask for little go before those who ask for much; and among those who ask for as
much, whoever has fewer that wait already.
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
    """As many wait as may."""


class FairTurns:
    """A lock that a few hold at a time. For one event loop."""

    def __init__(self, places: int = 1, most: float = math.inf) -> None:
        """places: who has a turn at a time; most: they, and who waits for one"""
        self._free = places
        self._room = most
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._of: Counter[str] = Counter()  # how many of each wait
        self._place = 0  # in the order of turns, of whoever had the last one
        self._numbers = count()

    @asynccontextmanager
    async def turn(self, who: str, cost: int) -> AsyncIterator[None]:
        """Wait for a turn, and have it. cost: about how much, from 1 on. Raises TooMany."""
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
        # Places only grow, so that who asks for much has a turn in the end.
        place = self._place + cost * self._of[who]
        heappush(self._waiting, (place, next(self._numbers), mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._room += 1
            else:  # it came, too late
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
