"""The looks of waiting requests: searches of the stored messages, in turn, with a time limit.

A search can read everything that is stored, once for each of its terms. All looks begin
on one thread. One that takes long is cut there and goes to a second thread, where other
long looks wait; if it takes too long there too, it is refused.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from inbox.live.wait_groups import WaitGroup
from inbox.mailbox.near_misses import Wanted
from inbox.storage.bounded import TooCostly, within
from inbox.storage.threads import OwnThread
from mailsink.web.fair_turns import FairTurns, TooMany

T = TypeVar("T")

# requests that share a look, and that are woken at a time: what they do then holds the
# loop
TOGETHER = 50
_SHORT, _LONG = 0.05, 3.0  # seconds of a look
_FEW_TERMS = 20  # the most terms of a short look: compiling more takes long, too
_MOST_LONG = 50  # looks that wait for the thread of long looks
_PATIENCE = 10.0  # seconds after the deadline, for the last look to finish
_CONTENT = 60.0  # seconds; the amount of content that is read has its own limit
_NEAR_MISSES = 0.5  # seconds
_NEAR_PATIENCE = 5.0  # seconds until near misses are left out


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look: the answer, or the number of seconds until the next look.

    found: the number of matching messages, if they are too few or not indexed yet;
    content: makes the answer, if the content of messages must be read for it
    """

    answer: bytes | None = None
    found: int = 0
    again_in: float = math.inf
    content: Callable[[], bytes] | None = None


LookNow = Callable[[Wanted, bool], Look]


@dataclass(slots=True)
class _Asked:
    """A requested look. by: how many requests share it; waiting: how many still wait"""

    wanted: Wanted
    last: bool
    who: str
    group: WaitGroup
    by: int = 0
    waiting: int = 0
    task: asyncio.Task[Look | None] | None = None


class _Lane:
    """A thread, and the requests that wait for their turn on it."""

    def __init__(self, name: str, seconds: float, most: float = math.inf) -> None:
        """seconds: after which work is cut; most: how many requests can wait"""
        self._thread = OwnThread(name)
        self._seconds = seconds
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Forget the waiting requests. Each event loop has its own."""
        self._turns = FairTurns(most=self._most)

    async def do(
        self, who: str, cost: int, begin: Callable[[], Callable[[], T]]
    ) -> T | None:
        """Do work in its turn; return None if it is cut. Raises TooMany.

        begin: returns the work, once its turn has come
        """
        async with self._turns.turn(who, cost):
            return await self._thread.do(partial(self._in_time, begin()))

    def _in_time(self, work: Callable[[], T]) -> T | None:
        try:
            with within(self._seconds):
                return work()
        except TooCostly:
            return None


class Looks:
    """The threads that do the looks. For one event loop at a time."""

    def __init__(self, look: LookNow) -> None:
        """look: searches the stored messages; its flag says whether this is the last look"""
        self._look_now = look
        self._short = _Lane("looks", _SHORT)
        self._long = _Lane("long looks", _LONG, _MOST_LONG)
        self._contents = _Lane("contents", _CONTENT)
        self._near = _Lane("near misses", _NEAR_MISSES)
        self._asked: dict[tuple[Wanted, bool], _Asked] = {}

    def clear(self) -> None:
        """Forget the waiting requests; the next event loop may be another one."""
        self._asked = {}
        for each in (self._short, self._long, self._contents, self._near):
            each.clear()

    async def look(
        self, group: WaitGroup, wanted: Wanted, last: bool, who: str, deadline: float
    ) -> Look:
        """Look, or share another request's look that has not begun. Raises TooCostly.

        deadline: in monotonic seconds
        """
        key = wanted, last
        asked = self._asked.get(key)
        if asked is None or asked.by == TOGETHER:
            asked = self._asked[key] = _Asked(wanted, last, who, group)
            asked.task = asyncio.create_task(self._do(asked), context=Context())
        asked.by += 1
        asked.waiting += 1
        assert asked.task is not None
        try:
            left = max(0.0, deadline - time.monotonic())
            async with asyncio.timeout(left + _PATIENCE):
                found = await asyncio.shield(asked.task)
        except TimeoutError:
            raise TooCostly from None
        finally:
            asked.waiting -= 1
            if not asked.waiting:
                self._begun(asked)
                asked.task.cancel()
        if found is None:
            raise TooCostly
        return found

    async def _do(self, asked: _Asked) -> Look | None:
        """Return the look; None if it takes too long."""
        who, cost = asked.who, asked.wanted.cost
        found = None
        if cost <= _FEW_TERMS and not asked.group.looks_are_long:
            found = await self._short.do(who, cost, partial(self._begin, asked))
        if found is None:
            asked.group.looks_are_long = True
            self._asked.setdefault((asked.wanted, asked.last), asked)
            with suppress(TooMany):
                found = await self._long.do(who, cost, partial(self._begin, asked))
        if found is not None and (make := found.content) is not None:
            return Look(await self._contents.do(who, cost, lambda: make), found.found)
        return found

    def _begin(self, asked: _Asked) -> Callable[[], Look]:
        """Return the look's work; from now on no other request can share it."""
        self._begun(asked)

        def look() -> Look:
            asked.group.condition.prepare()
            return self._look_now(asked.wanted, asked.last)

        return look

    def _begun(self, asked: _Asked) -> None:
        key = asked.wanted, asked.last
        if self._asked.get(key) is asked:
            del self._asked[key]

    async def near(self, who: str, cost: int, work: Callable[[], T]) -> T | None:
        """Look for near misses; return None if that takes too long."""
        try:
            async with asyncio.timeout(_NEAR_PATIENCE):
                return await self._near.do(who, cost, lambda: work)
        except TimeoutError:
            return None
