"""Threads for patterns that take long at a text: on the event loop, all mail would wait.

RE2 leaves the interpreter to others meanwhile. Turns are fair: whoever has few that wait
goes before whoever has many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mailsink.web.fair_turns import FairTurns

T = TypeVar("T")

# Steps of RE2 that the event loop takes itself: half a millisecond
MOST_NOW = 200_000
# More of them, as of a message of 256 KiB, may take seconds: these wait for each other alone.
_LONG = 20_000_000
_AT_ONCE = 2


class _Threads:
    """Threads for work of about the same cost."""

    def __init__(self, name: str) -> None:
        self._turns = FairTurns(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, name)

    async def do(self, work: Callable[[], T], who: str, cost: int) -> T:
        async with self._turns.turn(who, max(1, cost // MOST_NOW)):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work)


_for_short, _for_long = _Threads("patterns"), _Threads("long-patterns")


async def in_pattern_thread(work: Callable[[], T], who: str, cost: int) -> T:
    """Do work that takes so many steps. who: waits for it, among others"""
    threads = _for_long if cost > _LONG else _for_short
    return await threads.do(work, who, cost)
