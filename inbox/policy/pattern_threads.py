"""Threads for patterns that take long: on the event loop, all mail would wait.

RE2 releases the interpreter meanwhile. Turns are fair: clients with little waiting work
precede those with much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mailsink.web.fair_turns import FairTurns

T = TypeVar("T")

# RE2 steps that the event loop takes itself: half a millisecond
MOST_NOW = 200_000
# More steps, as for a message of 256 KiB, may take seconds: these wait only for each
# other.
_LONG = 20_000_000
_AT_ONCE = 2


class _Threads:
    """Threads for work of similar cost."""

    def __init__(self, name: str) -> None:
        self._turns = FairTurns(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, name)

    async def do(self, work: Callable[[], T], who: str, cost: int) -> T:
        async with self._turns.turn(who, max(1, cost // MOST_NOW)):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work)


_for_short, _for_long = _Threads("patterns"), _Threads("long-patterns")


async def in_pattern_thread(work: Callable[[], T], who: str, cost: int) -> T:
    """Do work with this number of steps. who: the client, for fair turns"""
    threads = _for_long if cost > _LONG else _for_short
    return await threads.do(work, who, cost)
