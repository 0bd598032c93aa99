"""Those who wait for the same messages, and what those that came are to them.

No look into the database for each who waits: what came is read once for all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, connection

from inbox.mailbox import arriving, messages
from inbox.mailbox.arriving import Arrivals, CompiledQuery, NewMessage
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.paging import Page
from inbox.mailbox.scope import Scope
from inbox.mailbox.signals import awaited
from inbox.models import Message

log = logging.getLogger(__name__)

Answer = Callable[[Wanted, Page[Message]], bytes]


@dataclass(slots=True, eq=False)
class Waiter:
    """One who waits."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    found_none: bool = False  # by its look: what comes now is all there is
    answer: bytes | None = None

    def hear(self, answer: bytes | None) -> None:
        """Take what came; without an answer, or beside older ones, it is to look."""
        if self.found_none and self.answer is None:
            self.answer = answer
        self.news.set()

    async def heard(self, seconds: float) -> bytes | None:
        """Wait for news; return the answer if they are it."""
        with suppress(TimeoutError):
            # Not wait_for, which may swallow a cancellation (Python 3.11).
            async with asyncio.timeout(seconds):
                await self.news.wait()
        return self.answer


@dataclass(slots=True)
class WaitGroup:
    """Those with the same condition, by what they want of what matches it."""

    scope: Scope
    condition: CompiledQuery
    waiters: dict[Wanted, set[Waiter]] = field(default_factory=dict)

    def add(self, wanted: Wanted, waiter: Waiter) -> None:
        self.waiters.setdefault(wanted, set()).add(waiter)

    def discard(self, wanted: Wanted, waiter: Waiter) -> None:
        of = self.waiters[wanted]
        of.discard(waiter)
        if not of:
            del self.waiters[wanted]

    def answers(self, found: Sequence[Message], answer: Answer) -> Iterator[Tested]:
        """Yield what messages that match are to those who wait."""
        for wanted in list(self.waiters):
            page = wanted.page_of(found)
            if found and not page.items:
                continue  # none is later than that after which they wait
            # Content takes long to read: whoever wants it looks.
            enough = len(page.items) >= wanted.count and not wanted.include
            yield self, wanted, answer(wanted, page) if enough else None


Tested = tuple[WaitGroup, Wanted, bytes | None]
Matched = list[tuple[WaitGroup, list[UUID]]]


def tested(
    groups: Sequence[WaitGroup],
    arrivals: Arrivals,
    ids: Sequence[UUID],
    answer: Answer,
) -> list[Tested]:
    """Return who is to hear of messages: those whose condition one that is indexed matches.

    With the answer, if these messages are one for who has found none before. Others that
    match are awaited: they are tested again once they are indexed.
    """
    try:
        came = arrivals.read(ids)
        _await([each for each in came if not each.is_due], groups)
        matched = _matching([each for each in came if each.is_due], groups)
        return list(_answers(matched, answer))
    except DatabaseError as error:
        log.error("Cannot test new messages: %s", error)
        connection.close()
        return []


def _await(arrivals: Sequence[NewMessage], groups: Sequence[WaitGroup]) -> None:
    """Have those indexed first that somebody may be waiting for."""
    likely = _likely(arrivals, groups)
    ids = {id for each in likely for id in each.condition.to_index(arrivals)}
    if ids:
        awaited.send(sender=None, ids=ids)


def _matching(arrivals: Sequence[NewMessage], groups: Sequence[WaitGroup]) -> Matched:
    """Return the groups that messages match, with these."""
    likely = _likely(arrivals, groups)
    found = ((each, each.condition.matching(arrivals)) for each in likely)
    return [(group, ids) for group, ids in found if ids]


def _likely(
    arrivals: Sequence[NewMessage], groups: Sequence[WaitGroup]
) -> list[WaitGroup]:
    """Return the groups that some of the messages may match."""
    words = arriving.together(arrivals)
    return [each for each in groups if arrivals and each.condition.may_match(words)]


def _answers(matched: Matched, answer: Answer) -> Iterator[Tested]:
    wanted: dict[Scope, set[UUID]] = {}
    for group, ids in matched:
        wanted.setdefault(group.scope, set()).update(ids)
    known = {
        scope: {each.pk: each for each in messages.by_ids(scope, ids)}
        for scope, ids in wanted.items()
    }
    for group, ids in matched:
        there = known[group.scope]
        yield from group.answers([there[id] for id in ids if id in there], answer)
