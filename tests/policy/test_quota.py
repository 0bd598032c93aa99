"""How full an inbox is said to be between two looks into the database."""

from __future__ import annotations

import pytest

from inbox.mailbox import inboxes
from inbox.models import Inbox
from inbox.policy import quota
from inbox.policy.quota import Usage
from tests import factories


class Clock:
    """The time of a test, in seconds; a count takes its time too."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.takes = 0.0
        self.stored = 0
        self.counts = 0

    def monotonic(self) -> float:
        return self.now

    def used_octets(self, _: int) -> int:
        self.now += self.takes
        self.counts += 1
        return self.stored


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(quota, "time", clock)
    monkeypatch.setattr(inboxes, "used_octets", clock.used_octets)
    return clock


def test_what_was_let_in_is_not_counted_twice(clock: Clock) -> None:
    usage = Usage(1)
    usage.let_in(10)
    assert usage.octets == 10
    clock.stored = 10
    usage.count()
    assert usage.octets == 10
    usage.let_in(5)
    assert usage.octets == 15


def test_counting_takes_a_twentieth_of_the_time_at_most(clock: Clock) -> None:
    usage = Usage(1)
    clock.takes = 0.5
    usage.count()
    clock.now += 9.9
    usage.count()
    assert clock.counts == 1
    clock.now += 0.2
    usage.count()
    assert clock.counts == 2


@pytest.mark.django_db
def test_each_inbox_for_itself() -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    mine, theirs = (
        factories.message(b"x" * 10),
        factories.message(b"x" * 7, inbox=other),
    )
    assert inboxes.used_octets(mine.inbox_id) == 10
    assert inboxes.used_octets(theirs.inbox_id) == 7
