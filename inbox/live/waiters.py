"""Those who wait for messages: bounded, and cheap however many they are.

One listener in the process hears which messages came or were indexed, and tests them
against each distinct condition, on one thread at a time. Whoever has found nothing before
is answered with what matches; others look again. Those who want the same share it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError

from inbox.live.protocol import ARRIVALS
from inbox.live.wait_groups import Answer, Waiter, WaitGroup, tested
from inbox.mailbox import arriving
from inbox.mailbox.arriving import AT_ONCE, Arrivals, CompiledQuery, State
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.scope import Scope
from inbox.storage.threads import OwnThread

log = logging.getLogger(__name__)

MOST = 5000  # who may wait at a time
_PATIENCE = 2.0  # seconds to begin listening; after that, waiting goes on without
_SOON = 0.02  # seconds within which most messages are indexed, and need no test before
_LOOK_EVERY = 2.0  # seconds, for what is not heard of: no channel layer joins processes
_TOGETHER = 50  # who are woken at a time: what they do then holds the loop
_MOST_ARRIVED = 20_000  # ids to be tested

_Key = tuple[Scope, str, str | None]  # of those with the same condition


class TooMany(Exception):
    """As many wait as may."""


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look: the answer, or after how many seconds to look again.

    found: how many messages match, where they are too few, or not indexed yet
    """

    answer: bytes | None = None
    found: int = 0
    again_in: float = math.inf


@dataclass(slots=True)
class _SharedLook:
    """A look that has not begun, and how many share it."""

    task: asyncio.Task[Look]
    by: int = 0


def _key(wanted: Wanted) -> _Key:
    return wanted.scope, wanted.q, wanted.inbox


class Waiters:
    """All who wait in this process."""

    def __init__(
        self, look: Callable[[Wanted, bool], Look], answer: Answer, most: int = MOST
    ) -> None:
        """look: what is there now; the flag says whether it is the last look.

        answer: the answer that a page is.
        """
        self._look_now = look
        self._answer = answer
        self._most = most
        self._count = 0
        self._groups: dict[_Key, WaitGroup] = {}
        self._listener: asyncio.Task[None] | None = None
        self._looker, self._tester = OwnThread("looks"), OwnThread("waiters")

    async def wait(self, wanted: Wanted, deadline: float) -> bytes | None:
        """Return the answer as soon as there is one; None after the deadline.

        deadline: in monotonic seconds. Raises TooMany.
        """
        async with self._registered(wanted) as waiter:
            answer, last = None, False
            while answer is None and not last:
                last = time.monotonic() >= deadline
                waiter.news.clear()
                waiter.found_none = False
                look = await self._look(wanted, last)
                answer = look.answer
                if answer is None and not last:
                    waiter.found_none = look.found == 0
                    left = max(0, deadline - time.monotonic())
                    answer = await waiter.heard(min(left, look.again_in))
            async with self._one_at_a_time:
                await asyncio.sleep(0)  # thousands may be answered at once
            return answer

    @asynccontextmanager
    async def _registered(self, wanted: Wanted) -> AsyncIterator[Waiter]:
        """Let one hear of messages that come and match."""
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
            yield waiter
        finally:
            self._count -= 1
            group.discard(wanted, waiter)
            if not group.waiters and self._groups.get(key) is group:
                del self._groups[key]
            if not self._groups and self._listener is not None:
                self._listener.cancel()
                self._listener = None

    # Looking

    async def _look(self, wanted: Wanted, last: bool) -> Look:
        """Look, or share the look of another that has not begun."""
        key = wanted, last
        shared = self._looks.get(key)
        if shared is None or shared.by == _TOGETHER:
            task = asyncio.create_task(self._look_in_turn(key), context=Context())
            shared = self._looks[key] = _SharedLook(task)
        shared.by += 1
        return await asyncio.shield(shared.task)

    def _begin(self, key: tuple[Wanted, bool]) -> Callable[[], Look]:
        self._looks.pop(key, None)
        group = self._groups.get(_key(key[0]))

        def look() -> Look:
            if group is not None:
                group.condition.prepare()
            return self._look_now(*key)

        return look

    async def _look_in_turn(self, key: tuple[Wanted, bool]) -> Look:
        async with self._looking:
            return await self._looker.do(self._begin(key))

    # Hearing

    async def _listen_soon(self) -> None:
        if self._listener is None:
            self._looks: dict[tuple[Wanted, bool], _SharedLook] = {}
            self._looking = asyncio.Lock()
            self._one_at_a_time = asyncio.Lock()
            self._new: set[UUID] = set()  # of which it has just been heard
            self._arrived: set[UUID] = set()
            self._known: set[tuple[UUID, State]] = set()
            self._news = asyncio.Event()
            self._listening = asyncio.Event()
            # It outlives the request that began it.
            self._listener = asyncio.create_task(self._work(), context=Context())
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._listening.wait()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._look_about())
            tasks.create_task(self._test())

    async def _listen(self) -> None:
        """Hear of what arrives, for as long as somebody waits; begin again where that fails."""
        while True:
            try:
                await self._hear()
            except Exception as error:  # Redis has errors of its own
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
                self._take({UUID(each) for each in notified["ids"]})
        finally:
            await layer.group_discard(ARRIVALS, channel)

    def _take(self, ids: set[UUID]) -> None:
        """Have messages tested that are heard of again, as they are indexed; others soon."""
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

    async def _look_about(self) -> None:
        """See what came without being heard of."""
        recent = database_sync_to_async(arriving.recent, thread_sensitive=False)
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with suppress(DatabaseError):  # whoever writes to it says so
                found = await recent()
                fresh = found - self._known
                if any(state == "overdue" for _, state in fresh):
                    for group in self._groups.values():
                        group.condition.forget()
                self._arrive(id for id, _ in fresh)
                self._known = arriving.only_recent(self._known | found)

    def _arrive(self, ids: Iterable[UUID]) -> None:
        self._arrived.update(ids)
        self._news.set()

    # Testing

    async def _test(self) -> None:
        """Test what arrived; one batch at a time, however much comes meanwhile."""
        arrivals = Arrivals()
        while True:
            await self._news.wait()
            ids = sorted(self._arrived, reverse=True)[:_MOST_ARRIVED]
            self._arrived = set(ids[AT_ONCE:])
            if not self._arrived:
                self._news.clear()
            groups = list(self._groups.values())
            test = partial(tested, groups, arrivals, ids[:AT_ONCE], self._answer)
            found = await self._tester.do(test)
            for group, wanted, answer in found:
                for number, each in enumerate(list(group.waiters.get(wanted, ())), 1):
                    each.hear(answer)
                    if number % _TOGETHER == 0:
                        await asyncio.sleep(0)
