"""Those who wait for the same messages, and what those that came are to them.

No look into the database for each who waits: what came is read once for all of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection

from inbox.mailbox import arriving, messages
from inbox.mailbox.arriving import Arrivals, CompiledQuery, NewMessage
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.paging import Page
from inbox.mailbox.scope import Scope
from inbox.mailbox.signals import awaited
from inbox.models import Message
from inbox.storage.bounded import TooCostly, is_cut, within

log = logging.getLogger(__name__)

_TEST = 0.05  # seconds of a test
_AT_A_TIME = 0.05  # seconds of tests, after which whoever was found hears

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
    """Those with the same condition, by what they want of what matches it.

    looks_are_long, tests_are_long: one of them was cut; where tests are, what may match is
    looked for in their place
    """

    scope: Scope
    condition: CompiledQuery
    waiters: dict[Wanted, set[Waiter]] = field(default_factory=dict)
    looks_are_long: bool = False
    tests_are_long: bool = False

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

    def to_look(self) -> Iterator[Tested]:
        """Yield all, who are to look."""
        for wanted in list(self.waiters):
            yield self, wanted, None


Tested = tuple[WaitGroup, Wanted, bytes | None]
Matched = list[tuple[WaitGroup, list[UUID]]]


class Round:
    """Messages that came, and the groups that they are still to be tested for.

    Those that ask for little come first, and hear before the rest is tested.
    """

    def __init__(
        self,
        groups: Sequence[WaitGroup],
        arrivals: Arrivals,
        ids: Sequence[UUID],
        answer: Answer,
    ) -> None:
        self._left = deque(sorted(groups, key=lambda each: each.condition.cost))
        self._arrivals = arrivals
        self._ids = ids
        self._answer = answer
        self._came: _Came | None = None
        self.is_over = False

    def go_on(self) -> list[Tested]:
        """Test for some of those that are left; return who is to hear of what came.

        Those whose condition a message that is indexed matches: with the answer, if the
        messages are one for who has found none before. Others that match are awaited:
        they are tested again once they are indexed.
        """
        try:
            if self._came is None:
                self._came = _Came(self._arrivals.read(self._ids))
            found = list(self._heard_by(self._came))
            self.is_over = not self._left
            return found
        except DatabaseError as error:
            log.error("Cannot test new messages: %s", error)
            connection.close()
            self.is_over = True
            return []

    def _heard_by(self, came: _Came) -> Iterator[Tested]:
        matched: Matched = []
        soon: set[UUID] = set()
        end = time.monotonic() + _AT_A_TIME
        with within(_TEST) as bound:
            while self._left and time.monotonic() < end:
                group = self._left.popleft()
                bound.begin()
                try:
                    soon.update(came.to_index(group))
                    if ids := came.matching(group):
                        matched.append((group, ids))
                except (OperationalError, TooCostly) as error:
                    if not is_cut(error):
                        raise
                    group.tests_are_long = True
                if group.tests_are_long and came.may_match(group):
                    yield from group.to_look()
        if soon:
            awaited.send(sender=None, ids=soon)
        yield from _answers(matched, self._answer)


class _Came:
    """Messages that came: those that are due, and those that are to be indexed before."""

    def __init__(self, arrivals: Sequence[NewMessage]) -> None:
        self._due = [each for each in arrivals if each.is_due]
        self._early = [each for each in arrivals if not each.is_due]
        self._due_words = arriving.together(self._due)
        self._early_words = arriving.together(self._early)

    def may_match(self, group: WaitGroup) -> bool:
        """Whether a group may match some of those that are due."""
        return bool(self._due) and group.condition.may_match(self._due_words)

    def matching(self, group: WaitGroup) -> list[UUID]:
        """Return those that are due and match."""
        if group.tests_are_long or not self.may_match(group):
            return []
        return group.condition.matching(self._due)

    def to_index(self, group: WaitGroup) -> list[UUID]:
        """Return those that a group may be waiting for: they are to be indexed first."""
        if group.tests_are_long or not self._early:
            return []
        if not group.condition.may_match(self._early_words):
            return []
        return group.condition.to_index(self._early)


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
