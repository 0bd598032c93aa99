"""Scenarios whose time runs faster: waits, windows and expiry pass sooner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.errors import Invalid
from inbox.explain.speeds import speed_of
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.policy.policy import InboxPolicy
from inbox.rules import rule_limits, rulebook, scenarios
from tests.rules.test_rules import LATER, OK, policy, rcpt, rule, session, started

__all__ = ["policy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

_START = rule_limits.now()


class Clock:
    """The time by which rules go."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._seconds = 0.0
        patch.setattr("inbox.policy.rule_policy.now", self.now)

    def now(self) -> rule_limits.datetime:
        return _START + timedelta(seconds=self._seconds)

    def at(self, seconds: float) -> None:
        self._seconds = seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_greylisting_over_a_restart_and_two_processes(
    policy: InboxPolicy, clock: Clock
) -> None:
    scenarios.switch_on(ALL, "default", "greylisting", 60)
    assert rcpt(policy).startswith("451 4.7.1 ")
    clock.at(4.9)  # five minutes pass in five seconds
    other = started()
    assert rcpt(other).startswith("451 4.7.1 ")
    clock.at(5)
    assert [rcpt(policy), rcpt(other), rcpt(started())] == [OK] * 3


def test_the_window_of_a_rate(policy: InboxPolicy, clock: Clock) -> None:
    rule(limits={"rate": 1, "seconds": 60, "speed": 1000})
    assert [rcpt(policy), rcpt(policy)] == [OK, LATER]
    clock.at(0.059)
    assert rcpt(policy) == LATER
    clock.at(0.06)
    assert [rcpt(policy), rcpt(policy)] == [OK, LATER]


def test_a_scenario_expires_sooner() -> None:
    (made,) = scenarios.switch_on(ALL, "default", "maintenance", 2)
    assert made.expires_at is not None
    lasts = made.expires_at - made.created_at
    assert timedelta(seconds=250) < lasts < timedelta(seconds=350)
    assert scenarios.switched_on(ALL, "default") == {"maintenance": 2}
    (slow,) = rulebook.set_speed(ALL, "default", 1, "maintenance")
    assert slow.expires_at is not None
    assert timedelta(seconds=500) < slow.expires_at - slow.changed_at
    assert slow.limits == {}


def test_the_speed_of_all_rules(policy: InboxPolicy) -> None:
    scenarios.switch_on(ALL, "default", "greylisting")
    one = rule(limits={"first": 1}, expires_in=600)
    rcpt(policy)
    rulebook.set_speed(ALL, "default", 60)
    assert [each.limits["speed"] for each in rulebook.find(ALL)] == [60, 60]
    unchanged = Rule.objects.get(pk=one.pk).expires_at
    assert unchanged == one.expires_at  # by your clock, not by the scenario's
    assert Rule.objects.filter(rulecount__isnull=False).count() == 0
    rulebook.set_speed(ALL, "default", 7, "greylisting")
    assert [each.limits["speed"] for each in rulebook.find(ALL)] == [7, 60]


def test_the_transcript_names_the_speed(policy: InboxPolicy) -> None:
    (made,) = scenarios.switch_on(ALL, "default", "greylisting", 60)
    talking = session(policy)
    talking.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@b.test>\r\n")
    assert talking.last.replied is not None
    named = talking.last.replied.rule
    assert named == f"#{made.pk} \N{MULTIPLICATION SIGN}60 Greylisting (rspamd-94)"
    assert speed_of(named) == 60


@pytest.mark.parametrize("speed", [0, -1, 1001, 10**9])
def test_a_speed_that_is_none(speed: int) -> None:
    with pytest.raises(Invalid, match="speed is a number from 1 to 1000"):
        scenarios.switch_on(ALL, "default", "greylisting", speed)
    with pytest.raises(Invalid, match="speed is a number from 1 to 1000"):
        rulebook.set_speed(ALL, "default", speed)


@pytest.mark.parametrize(
    ("named", "speed"),
    [("", 1), ("#1 x", 1), ("#1 \u00d760", 60), ("#1 \u00d760 x, #2 \u00d77 y", 60), ("#1 \u00d70 x", 1),
     ("address \u00d760@x.test", 1), ("#1 x \u00d760", 1)],
)  # fmt: skip
def test_a_speed_as_it_is_read(named: str, speed: int) -> None:
    assert speed_of(named) == speed
