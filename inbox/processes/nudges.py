"""Signals and calls that wake the background work of a process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from inbox.mailbox.large import LARGE
from inbox.mailbox.signals import (
    Announcement,
    MessageImported,
    MessageUpdated,
    announce,
    announced,
    awaited,
)
from inbox.upkeep.background import Background
from inbox.upkeep.expected_mail import ExpectedMail
from inbox.upkeep.indexer import Awaited
from inbox.upkeep.rule_follower import RuleFollower


def announcing(expected: ExpectedMail) -> Callable[[list[UUID]], None]:
    """Return the function that indexers call with the indexed messages."""

    def indexed(ids: list[UUID]) -> None:
        announce([MessageUpdated(each) for each in ids])
        expected.came(ids)

    return indexed


def nudging(
    indexing: Background, reading: Background, following: RuleFollower
) -> Callable[[int], None]:
    """Return the function that wakes the indexers, and the rules.

    It takes the size of the message that arrived.
    """

    def nudge(size: int) -> None:
        indexing.nudge()
        following.nudge()
        if size > LARGE:
            reading.nudge()

    return nudge


@contextmanager
def listening(
    first: Awaited, indexing: Background, reading: Background
) -> Iterator[None]:
    """Wake the indexers for imported messages, and for those that requests wait for."""

    def hear(announcements: Sequence[Announcement], **_: Any) -> None:
        if any(isinstance(each, MessageImported) for each in announcements):
            indexing.nudge()
            reading.nudge()

    def expect(ids: Collection[UUID], **_: Any) -> None:
        first.add(ids)
        indexing.nudge()

    announced.connect(hear)
    awaited.connect(expect)
    try:
        yield
    finally:
        announced.disconnect(hear)
        awaited.disconnect(expect)
