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
_AT_ONCE = 2
_threads = ThreadPoolExecutor(_AT_ONCE, "patterns")
_turns = FairTurns(_AT_ONCE)


async def in_pattern_thread(work: Callable[[], T], who: str, cost: int) -> T:
    """Do work that takes so many steps. who: waits for it, among others"""
    async with _turns.turn(who, max(1, cost // MOST_NOW)):
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
