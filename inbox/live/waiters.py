"""The requests that wait for messages: limited in number, and cheap even when many.

One listener in the process receives the ids of messages that arrived or were indexed,
and tests them against each distinct condition: those of few terms on one thread, the
others on another. A request that found nothing before is answered with the matches;
others look again. Equal requests share a look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError

from inbox.live.looks import TOGETHER, Look, LookNow, Looks
from inbox.live.protocol import ARRIVALS
from inbox.live.wait_groups import Answer, Round, Tested, Waiter, WaitGroup
from inbox.mailbox import arriving
from inbox.mailbox.arriving import AT_ONCE, Arrivals, CompiledQuery, State
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.scope import Scope
from inbox.storage.threads import OwnThread
from mailsink.web.fair_turns import TooMany

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST = 5000  # requests that can wait at a time
_PATIENCE = 2.0  # seconds to begin listening; after that, waiting goes on without
_SOON = 0.02  # seconds within which most messages are indexed, and need no earlier test
# seconds; without a shared channel layer, other processes' messages are found like this
_LOOK_EVERY = 2.0
_MOST_ARRIVED = 20_000  # ids that wait to be tested
_FEW_TERMS = 3  # of a condition that counts as cheap to test

_Key = tuple[Scope, str, str | None]  # the same for equal conditions


def _key(wanted: Wanted) -> _Key:
    return wanted.scope, wanted.q, wanted.inbox


class _Tests:
    """A thread that tests arrived messages against some of the conditions."""

    def __init__(self, name: str, includes: Callable[[WaitGroup], bool]) -> None:
        """includes: whether a group is tested here"""
        self.thread = OwnThread(name)
        self.includes = includes
        self.clear()

    def clear(self) -> None:
        """Forget what arrived. An event loop has its own."""
        self._arrived: set[UUID] = set()
        self._news = asyncio.Event()

    def arrive(self, ids: Collection[UUID]) -> None:
        """Have messages tested."""
        self._arrived.update(ids)
        self._news.set()

    async def next(self) -> list[UUID]:
        """Wait for messages; return the newest of those that are to be tested."""
        await self._news.wait()
        ids = sorted(self._arrived, reverse=True)[:_MOST_ARRIVED]
        self._arrived = set(ids[AT_ONCE:])
        if not self._arrived:
            self._news.clear()
        return ids[:AT_ONCE]


class Waiters:
    """All waiting requests of this process."""

    def __init__(self, look: LookNow, answer: Answer, most: int = MOST) -> None:
        """look: see Looks. answer: makes the answer from a page of messages."""
        self._looks = Looks(look)
        self._answer = answer
        self._most = most
        self._count = 0
        self._groups: dict[_Key, WaitGroup] = {}
        self._listener: asyncio.Task[None] | None = None
        # A long text takes milliseconds for a condition of many terms, and thousands of
        # requests may have one each: those with few terms do not wait for these tests.
        self._tests = (
            _Tests("waiters", lambda each: each.condition.cost <= _FEW_TERMS),
            _Tests("costly waiters", lambda each: each.condition.cost > _FEW_TERMS),
        )

    async def wait(self, wanted: Wanted, deadline: float, who: str = "") -> Look:
        """Return the look that has the answer; after the deadline, one without.

        deadline: in monotonic seconds; who: the caller. Raises TooMany, TooCostly.
        """
        async with self._registered(wanted) as (group, waiter):
            look, last = Look(), False
            while look.answer is None and not last:
                last = time.monotonic() >= deadline
                waiter.news.clear()
                waiter.found_none = False
                look = await self._looks.look(group, wanted, last, who, deadline)
                if look.answer is None and not last:
                    waiter.found_none = look.found == 0
                    left = max(0, deadline - time.monotonic())
                    heard = await waiter.heard(min(left, look.again_in))
                    look = replace(look, answer=heard)
            async with self._one_at_a_time:
                await asyncio.sleep(0)  # thousands may be answered in one go
            return look

    async def near(self, wanted: Wanted, who: str, work: Callable[[], T]) -> T | None:
        """Look for near misses; return None if that takes too long."""
        return await self._looks.near(who, wanted.cost, work)

    @asynccontextmanager
    async def _registered(
        self, wanted: Wanted
    ) -> AsyncIterator[tuple[WaitGroup, Waiter]]:
        """Register a waiter for messages that arrive and match."""
        if self._count >= self._most:
            raise TooMany
        waiter, key = Waiter(), _key(wanted)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = WaitGroup(wanted.scope, CompiledQuery(*key))
        group.add(wanted, waiter)
        self._count += 1
        try:
            await self._listen_soon()
            yield group, waiter
        finally:
            self._count -= 1
            group.discard(wanted, waiter)
            if not group.waiters and self._groups.get(key) is group:
                del self._groups[key]
            if not self._groups and self._listener is not None:
                self._listener.cancel()
                self._listener = None

    # Listening

    async def _listen_soon(self) -> None:
        if self._listener is None:
            self._looks.clear()
            self._one_at_a_time = asyncio.Lock()
            # ids that arrived within the last _SOON seconds
            self._new: set[UUID] = set()
            self._known: set[tuple[UUID, State]] = set()
            for each in self._tests:
                each.clear()
            self._listening = asyncio.Event()
            # The listener outlives the request that started it.
            self._listener = asyncio.create_task(self._work(), context=Context())
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._listening.wait()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._find_unannounced())
            for each in self._tests:
                tasks.create_task(self._test(each))

    async def _listen(self) -> None:
        """Listen for arrivals as long as a request waits; start again after a failure."""
        while True:
            try:
                await self._hear()
            except Exception as error:  # Redis has its own error classes
                log.error("Cannot hear of new messages: %s", error)
            await asyncio.sleep(_LOOK_EVERY)

    async def _hear(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        try:
            await layer.group_add(ARRIVALS, channel)
            self._listening.set()
            while True:
                notified = await layer.receive(channel)
                self._take({UUID(each) for each in notified.get("ids", ())})
        finally:
            await layer.group_discard(ARRIVALS, channel)

    def _take(self, ids: set[UUID]) -> None:
        """Have messages tested: at once on their second announcement (indexed), else soon."""
        again = {id for id in ids if (id, "new") in self._known}
        new = ids - again
        if new and not self._new:
            asyncio.get_running_loop().call_later(_SOON, self._arrive_new)
        self._new |= new
        self._new -= again
        self._known.update((id, "new") for id in new)
        self._known.update((id, "indexed") for id in again)
        if again:
            self._arrive(again)

    def _arrive_new(self) -> None:
        new, self._new = self._new, set()
        if new:
            self._arrive(new)

    async def _find_unannounced(self) -> None:
        """Find the messages that were not announced here."""
        recent = database_sync_to_async(arriving.recent, thread_sensitive=False)
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with suppress(DatabaseError):  # the writers log such errors
                found = await recent()
                fresh = found - self._known
                if any(state == "overdue" for _, state in fresh):
                    for group in self._groups.values():
                        group.condition.forget()
                self._arrive(id for id, _ in fresh)
                self._known = arriving.only_recent(self._known | found)

    def _arrive(self, ids: Iterable[UUID]) -> None:
        arrived = set(ids)
        for each in self._tests:
            each.arrive(arrived)

    # Testing

    async def _test(self, tests: _Tests) -> None:
        """Test what arrived; one batch at a time, however much comes meanwhile."""
        arrivals = Arrivals()
        while True:
            ids = await tests.next()
            groups = [each for each in self._groups.values() if tests.includes(each)]
            if not ids or not groups:
                continue
            left = Round(groups, arrivals, ids, self._answer)
            while not left.is_over:
                await self._hear_all(await tests.thread.do(left.go_on))

    async def _hear_all(self, found: Sequence[Tested]) -> None:
        for group, wanted, answer in found:
            for number, each in enumerate(list(group.waiters.get(wanted, ())), 1):
                each.hear(answer)
                if number % TOGETHER == 0:
                    await asyncio.sleep(0)
