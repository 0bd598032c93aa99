"""Groups of requests that wait for the same messages, and the tests of new messages.

Requests do not query the database one by one: new messages are read once for all.
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
# seconds of tests, after which the requests that were found are answered
_AT_A_TIME = 0.05

Answer = Callable[[Wanted, Page[Message]], bytes]


@dataclass(slots=True, eq=False)
class Waiter:
    """One waiting request."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    found_none: bool = False  # its look found no message: only new messages count
    answer: bytes | None = None

    def hear(self, answer: bytes | None) -> None:
        """Take an answer; without one, or next to an older one, the request must look."""
        if self.found_none and self.answer is None:
            self.answer = answer
        self.news.set()

    async def heard(self, seconds: float) -> bytes | None:
        """Wait for news; return the answer, if the news has one."""
        with suppress(TimeoutError):
            # Not wait_for, which may swallow a cancellation (Python 3.11).
            async with asyncio.timeout(seconds):
                await self.news.wait()
        return self.answer


@dataclass(slots=True)
class WaitGroup:
    """Waiting requests with the same condition, grouped by what they want of a match.

    looks_are_long, tests_are_long: one of them was cut; where tests are long, requests
    look instead if a message may match
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
        """Yield each waiting request with its answer from the matching messages."""
        for wanted in list(self.waiters):
            page = wanted.page_of(found)
            if found and not page.items:
                continue  # no message is later than the one that they wait after
            # Content takes long to read: requests that want it look.
            enough = len(page.items) >= wanted.count and not wanted.include
            yield self, wanted, answer(wanted, page) if enough else None

    def to_look(self) -> Iterator[Tested]:
        """Yield all requests, without an answer: they must look."""
        for wanted in list(self.waiters):
            yield self, wanted, None


Tested = tuple[WaitGroup, Wanted, bytes | None]
Matched = list[tuple[WaitGroup, list[UUID]]]


class Round:
    """New messages, and the groups that they must still be tested for.

    Groups with cheap conditions come first, and are answered before the rest is tested.
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
        """Test the messages for some of the remaining groups; return the requests to wake.

        A request is woken if an indexed message matches its condition, with the answer
        if the messages make one for a request that found none before. Matches that are
        not indexed yet are announced as awaited, and tested again once they are
        indexed.
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
    """New messages: those that are due, and those that must be indexed first."""

    def __init__(self, arrivals: Sequence[NewMessage]) -> None:
        self._due = [each for each in arrivals if each.is_due]
        self._early = [each for each in arrivals if not each.is_due]
        self._due_words = arriving.together(self._due)
        self._early_words = arriving.together(self._early)

    def may_match(self, group: WaitGroup) -> bool:
        """Whether a group may match some of the due messages."""
        return bool(self._due) and group.condition.may_match(self._due_words)

    def matching(self, group: WaitGroup) -> list[UUID]:
        """Return the due messages that match."""
        if group.tests_are_long or not self.may_match(group):
            return []
        return group.condition.matching(self._due)

    def to_index(self, group: WaitGroup) -> list[UUID]:
        """Return the messages a group may wait for that must be indexed first."""
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
