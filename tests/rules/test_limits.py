"""Limits of rules: how often they act, counted over restarts and in several processes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import InterfaceError, connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import NotFound
from inbox.mailbox.scope import ALL
from inbox.models import RuleCount
from inbox.policy.policy import InboxPolicy
from inbox.rules import rule_limits, rulebook
from tests.rules.test_rules import LATER, OK, policy, rcpt, rule, started

__all__ = ["policy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_fail_twice_then_accept_over_a_restart(policy: InboxPolicy) -> None:
    rule(limits={"first": 2, "per": "recipient"})
    assert [rcpt(policy, "b@b.test"), rcpt(policy, "c@b.test")] == [LATER, LATER]
    again = started()
    assert [rcpt(again, "b@b.test") for _ in range(2)] == [LATER, OK]


def test_counts_are_shared_by_processes(policy: InboxPolicy) -> None:
    rule(limits={"rate": 3, "seconds": 3600})
    other = started()
    heard = [rcpt(each) for each in (policy, other) * 3]
    assert heard == [OK, OK, OK, LATER, LATER, LATER]


def test_every_third(policy: InboxPolicy) -> None:
    rule(limits={"every": 3})
    assert [rcpt(policy) == LATER for _ in range(6)] == [False, False, True] * 2


def test_chaos_with_a_seed_is_the_same_twice(policy: InboxPolicy) -> None:
    one = rule(limits={"probability": 0.5, "seed": "x"})
    first = [rcpt(policy) for _ in range(12)]
    assert {*first} == {OK, LATER}
    rulebook.change(ALL, one.pk, {"name": "starts again"})
    assert [rcpt(policy) for _ in range(12)] == first


def test_greylisting(policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(limits={"lasts": 300, "per": "triplet"})
    at = rule_limits.now()
    clock = "inbox.policy.rule_policy.now"
    monkeypatch.setattr(clock, lambda: at)
    assert rcpt(policy) == LATER
    monkeypatch.setattr(clock, lambda: at + timedelta(seconds=299))
    assert [rcpt(policy), rcpt(policy, "c@b.test")] == [LATER, LATER]
    monkeypatch.setattr(clock, lambda: at + timedelta(seconds=300))
    assert [rcpt(policy), rcpt(policy, "c@b.test")] == [OK, LATER]


def test_the_window_of_a_rate(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(limits={"rate": 1, "seconds": 60, "per": "sender"})
    at = rule_limits.now()
    clock = "inbox.policy.rule_policy.now"
    monkeypatch.setattr(clock, lambda: at)
    assert [rcpt(policy), rcpt(policy), rcpt(policy, sender="c@b.test")] == [OK, LATER, OK]  # fmt: skip
    monkeypatch.setattr(clock, lambda: at + timedelta(seconds=60))
    assert [rcpt(policy), rcpt(policy)] == [OK, LATER]


def test_max_hits(policy: InboxPolicy) -> None:
    rule(max_hits=2, limits={"every": 2})
    assert [rcpt(policy) == LATER for _ in range(6)] == [False, True] * 2 + [False] * 2


def test_expiry(policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(expires_in=60)
    assert rcpt(policy) == LATER
    later = rule_limits.now() + timedelta(seconds=61)
    monkeypatch.setattr("inbox.policy.rule_policy.now", lambda: later)
    assert rcpt(policy) == OK
    policy.refresh()
    assert policy.stages == set()


@pytest.mark.parametrize(
    ("begins", "ends", "hour", "acts"),
    [("09:00", "17:00", 9, True), ("09:00", "17:00", 17, False),
     ("22:00", "06:00", 23, True), ("22:00", "06:00", 5, True), ("22:00", "06:00", 6, False)],
)  # fmt: skip
def test_a_time_of_day(begins: str, ends: str, hour: int, acts: bool) -> None:
    one = rule(limits={"from_time": begins, "until_time": ends})
    at = rule_limits.now().astimezone().replace(hour=hour, minute=0)
    assert rule_limits.is_in_time(one, at) is acts


def test_a_rule_that_is_spent_is_not_counted_on(policy: InboxPolicy) -> None:
    one = rule(limits={"first": 1, "per": "recipient"})
    two = rule(max_hits=1)
    assert [rcpt(policy) for _ in range(2)] == [LATER, LATER]
    with CaptureQueriesContext(connection) as queries:
        assert rcpt(policy) == OK
    assert not [each for each in queries if "UPDATE" in each["sql"]]
    counts = RuleCount.objects.values_list("rule", "count").order_by("rule")
    assert [*counts] == [(one.pk, 1), (two.pk, 1)]


def test_a_change_forgets_all_counts(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_limits, "ROWS_IN_A_TURN", 2)
    one = rule(limits={"first": 1, "per": "recipient"})
    for n in range(5):
        rcpt(policy, f"b{n}@b.test")
    assert RuleCount.objects.count() == 5
    rulebook.change(ALL, one.pk, {"name": "again"})
    assert not RuleCount.objects.exists()


def test_a_database_that_fails_lets_no_counted_rule_act(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(limits={"first": 1})

    def broken(*args: object) -> bool:
        raise InterfaceError("the connection is closed")

    monkeypatch.setattr("inbox.policy.rule_policy.count_and_judge", broken)
    assert rcpt(policy) == OK


def test_counts_are_bounded(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_limits, "MOST_KEYS", 5)
    monkeypatch.setattr(rule_limits, "_ROOM", 3)
    rule(limits={"first": 1, "per": "recipient"}, max_hits=100)
    for n in range(20):
        rcpt(policy, f"b{n}@b.test")
    assert RuleCount.objects.count() <= 6


def test_a_deleted_rule_takes_its_counts_along(policy: InboxPolicy) -> None:
    one = rule(limits={"first": 1})
    rcpt(policy)
    rulebook.delete(ALL, one.pk)
    assert not RuleCount.objects.exists()
    assert rcpt(policy) == OK
    with pytest.raises(NotFound):
        rulebook.get(ALL, one.pk)
