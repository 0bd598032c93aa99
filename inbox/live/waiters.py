"""Those who wait for messages: bounded, and cheap however many they are.

One listener in the process hears which messages came or were indexed, and tests them
against each distinct condition, one query each, on one thread at a time. Only who is
waiting for one that matches looks again; those who want the same share a look.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError

from inbox.live.protocol import ARRIVALS
from inbox.mailbox import arriving
from inbox.mailbox.arriving import CompiledQuery, State
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.scope import ALL, Scope
from inbox.mailbox.signals import awaited

log = logging.getLogger(__name__)

MOST = 5000  # who may wait at a time
_PATIENCE = 2.0  # seconds to begin listening; after that, waiting goes on without
_LOOK_EVERY = 2.0  # seconds, for what is not heard of: no channel layer joins processes
_TOGETHER = 50  # who are woken at a time: what they do then holds the loop
_MOST_ARRIVED = 20_000  # ids to be tested

T = TypeVar("T")


class TooMany(Exception):
    """As many wait as may."""


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look: the answer, or after how many seconds to look again."""

    answer: bytes | None = None
    again_in: float = math.inf


@dataclass(slots=True)
class _Group:
    """Those with the same condition."""

    condition: CompiledQuery
    news: set[asyncio.Event]


@dataclass(slots=True)
class _SharedLook:
    """A look that has not begun, and how many share it."""

    task: asyncio.Task[Look]
    by: int = 0


class Waiters:
    """All who wait in this process."""

    def __init__(self, look: Callable[[Wanted, bool], Look], most: int = MOST) -> None:
        """look: what is there now; the flag says whether it is the last look."""
        self._look_now = look
        self._most = most
        self._count = 0
        self._groups: dict[tuple[str, str | None, Scope], _Group] = {}
        self._listener: asyncio.Task[None] | None = None

    async def wait(self, wanted: Wanted, deadline: float) -> bytes | None:
        """Return the answer as soon as there is one; None after the deadline.

        deadline: in monotonic seconds. Raises TooMany.
        """
        async with self._registered(wanted) as news:
            while True:
                news.clear()
                last = time.monotonic() >= deadline
                look = await self._look(wanted, last)
                if look.answer is not None or last:
                    async with self._one_at_a_time:
                        await asyncio.sleep(0)  # thousands may be answered at once
                    return look.answer
                left = max(0, deadline - time.monotonic())
                with suppress(TimeoutError):
                    # Not wait_for, which may swallow a cancellation (Python 3.11).
                    async with asyncio.timeout(min(left, look.again_in)):
                        await news.wait()

    @asynccontextmanager
    async def _registered(self, wanted: Wanted) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set whenever messages came that match."""
        if self._count >= self._most:
            raise TooMany
        event, key = asyncio.Event(), (wanted.q, wanted.inbox, wanted.scope)
        group = self._groups.get(key)
        if group is None:
            condition = CompiledQuery(wanted.scope, wanted.q, wanted.inbox)
            group = self._groups[key] = _Group(condition, set())
        group.news.add(event)
        self._count += 1
        try:
            await self._listen_soon()
            yield event
        finally:
            self._count -= 1
            group.news.discard(event)
            if not group.news and self._groups.get(key) is group:
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
            look = self._in_turn(self._looking, self._begin, key)
            task = asyncio.create_task(look, context=Context())
            shared = self._looks[key] = _SharedLook(task)
        shared.by += 1
        return await asyncio.shield(shared.task)

    def _begin(self, key: tuple[Wanted, bool]) -> Callable[[], Look]:
        self._looks.pop(key, None)
        return lambda: self._look_now(*key)

    async def _in_turn(
        self, lock: asyncio.Lock, begin: Callable[[Any], Callable[[], T]], key: Any
    ) -> T:
        async with lock:
            work = database_sync_to_async(begin(key), thread_sensitive=False)
            result: T = await work()
            return result

    # Hearing

    async def _listen_soon(self) -> None:
        if self._listener is None:
            self._looks: dict[tuple[Wanted, bool], _SharedLook] = {}
            self._looking = asyncio.Lock()
            self._one_at_a_time = asyncio.Lock()
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
                ids = [UUID(each) for each in notified["ids"]]
                self._known.update((id, "new") for id in ids)
                self._known.update((id, "indexed") for id in ids)
                self._arrive(ids)
        finally:
            await layer.group_discard(ARRIVALS, channel)

    async def _look_about(self) -> None:
        """See what came without being heard of."""
        recent = database_sync_to_async(arriving.recent, thread_sensitive=False)
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with suppress(DatabaseError):  # whoever writes to it says so
                found = await recent(ALL)
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
        while True:
            await self._news.wait()
            self._news.clear()
            ids, self._arrived = sorted(self._arrived, reverse=True), set()
            groups = list(self._groups.values())
            matched = database_sync_to_async(_matched, thread_sensitive=False)
            for group in await matched(groups, ids[:_MOST_ARRIVED]):
                for number, event in enumerate(list(group.news), 1):
                    event.set()
                    if number % _TOGETHER == 0:
                        await asyncio.sleep(0)


def _matched(groups: Sequence[_Group], ids: Sequence[UUID]) -> list[_Group]:
    """Return the groups whose condition one of the messages matches, which is indexed.

    Others that match are awaited: their groups are tested again once they are indexed.
    """
    try:
        fresh = arriving.not_indexed(ALL, ids)
        ready = [id for id in ids if id not in fresh]
        if _matching(groups, sorted(fresh)):
            awaited.send(sender=None, ids=fresh)
        return _matching(groups, ready)
    except DatabaseError as error:
        log.error("Cannot test new messages: %s", error)
        return []


def _matching(groups: Sequence[_Group], ids: Sequence[UUID]) -> list[_Group]:
    if not ids:
        return []
    words = arriving.recipients(ALL, ids)
    return [
        each
        for each in groups
        if each.condition.may_match(words) and each.condition.matches_any(ids)
    ]
