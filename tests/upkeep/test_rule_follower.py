"""Rules are followed behind a cursor: nothing is left out, and nothing without rules is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from inbox.models import DerivingCursor, Message, OutgoingGuard, Release
from inbox.outgoing import deriving, release_rules, routes
from inbox.upkeep import rule_follower
from inbox.upkeep.rule_follower import RuleFollower
from mailsink.ids import first_at, uuid7
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def follower() -> Iterator[RuleFollower]:
    made = RuleFollower(lambda: False)
    yield made
    made._leadership.end()


@pytest.fixture
def rule() -> Iterator[Any]:
    routes.add({"name": "hop", "host": "smtp.test", "allow": ["*"]})
    return release_rules.add({"name": "all", "recipients": ["*"], "route": "hop"})


def released() -> list[UUID]:
    rows = Release.objects.order_by("message_id")
    return list(rows.values_list("message_id", flat=True))


def messages(count: int) -> list[UUID]:
    return [factories.message().pk for _ in range(count)]


def test_without_rules_nothing_is_read(follower: RuleFollower) -> None:
    factories.message()
    with patch.object(deriving, "derive") as derive:
        assert follower._step() == rule_follower._REST
        follower.nudge()
    assert not derive.called
    assert not follower._background._wake.is_set()


@pytest.mark.usefixtures("rule")
def test_in_batches(follower: RuleFollower) -> None:
    made = messages(5)
    with patch.object(rule_follower, "_AT_ONCE", 2):
        rests = [follower._step() for _ in range(4)]
    assert rests == [0.0, 0.0, 0.0, rule_follower._LOOK_EVERY]
    assert released() == made
    follower.nudge()
    assert follower._background._wake.is_set()


@pytest.mark.usefixtures("rule")
def test_another_process_goes_on(follower: RuleFollower) -> None:
    """What was looked at once only is looked at again, and is not queued again."""
    first = messages(2)
    follower._step()
    second = messages(2)
    follower._leadership.end()
    after = RuleFollower(lambda: False)
    after._step()
    after._leadership.end()
    assert released() == first + second


@pytest.mark.usefixtures("rule")
def test_a_commit_that_came_late_is_not_left_out(follower: RuleFollower) -> None:
    late = uuid7()
    made = messages(1)
    follower._step()
    Message.objects.filter(pk=factories.message().pk).update(id=late)
    follower._step()
    assert late not in released()
    with (
        patch.object(rule_follower, "_SETTLED_AFTER", -1.0),
        patch.object(time, "monotonic", return_value=follower._settles_at + 1),
    ):
        follower._step()
    assert released() == [late, *made]
    assert DerivingCursor.objects.get().message == made[0]


@pytest.mark.usefixtures("rule")
def test_it_rests_while_the_queue_is_full(follower: RuleFollower) -> None:
    messages(2)
    follower._step()
    made = messages(1)
    with patch.object(deriving, "MOST_WAITING", 2):
        assert follower._step() == rule_follower._REST
    assert made[0] not in released()
    follower._step()
    assert made[0] in released()


@pytest.mark.usefixtures("rule")
def test_nothing_that_cannot_be_read_is_followed(
    follower: RuleFollower, caplog: pytest.LogCaptureFixture
) -> None:
    messages(1)
    OutgoingGuard.objects.update(switch="banana")
    for _ in range(2):
        assert follower._step() == rule_follower._REST
    assert released() == []
    assert len(caplog.records) == 1  # it is said once
    OutgoingGuard.objects.update(switch="off")
    follower._step()
    assert len(released()) == 1


def test_messages_from_before_a_rule_are_not_read(
    follower: RuleFollower, rule: Any
) -> None:
    assert follower._step() == rule_follower._LOOK_EVERY
    assert follower._seen == rule.since > first_at(time.time() - 60)
