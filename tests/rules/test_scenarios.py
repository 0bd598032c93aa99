"""Scenarios: sets of rules that are switched on and off as one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from inbox.errors import Conflict, NotFound
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.policy.policy import InboxPolicy
from inbox.rules import rulebook, scenarios
from inbox.rules.rule_limits import now
from tests.rules.test_rules import policy, rcpt, rule, session

__all__ = ["policy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

NAMES = [each.name for each in scenarios.scenarios()]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_switched_on_and_off(policy: InboxPolicy, name: str) -> None:
    rule()
    assert scenarios.scenario(name).description.endswith(".")
    made = scenarios.switch_on(ALL, "default", name)
    assert [each.scenario for each in made] == [name] * len(made)
    assert policy.stages >= {"rcpt"}
    assert scenarios.switched_on(ALL, "default") == {name: 1}
    with pytest.raises(Conflict):
        scenarios.switch_on(ALL, "default", name)
    scenarios.switch_off(ALL, "default", name)
    assert [each.scenario for each in rulebook.find(ALL)] == [""]


def test_of_many_that_switch_it_on_at_once_one_does(policy: InboxPolicy) -> None:
    together = threading.Barrier(6)

    def switch_on() -> int:
        together.wait()
        try:
            return len(scenarios.switch_on(ALL, "default", "full-mailbox"))
        except Conflict:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda _: switch_on(), range(6)))
    assert sorted(made) == [0] * 5 + [len(scenarios.scenario("full-mailbox").rules)]
    assert len(rulebook.find(ALL)) == max(made)


def test_one_that_has_expired_is_off(policy: InboxPolicy) -> None:
    (old,) = scenarios.switch_on(ALL, "default", "maintenance")
    Rule.objects.filter(pk=old.pk).update(expires_at=now())
    assert scenarios.switched_on(ALL, "default") == {}
    (made,) = scenarios.switch_on(ALL, "default", "maintenance")
    assert [each.pk for each in rulebook.find(ALL)] == [made.pk]


def test_one_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        scenarios.scenario("none")


def test_a_full_mailbox(policy: InboxPolicy) -> None:
    scenarios.switch_on(ALL, "default", "full-mailbox")
    heard = [rcpt(policy)[:9] for _ in range(4)]
    assert heard == ["452 4.2.2"] * 3 + ["552 5.2.2"]


def test_greylisting(policy: InboxPolicy) -> None:
    scenarios.switch_on(ALL, "default", "greylisting")
    assert rcpt(policy) == "451 4.7.1 Try again later"


def test_a_provider_answers_in_its_words(policy: InboxPolicy) -> None:
    scenarios.switch_on(ALL, "default", "ses-sandbox")
    talking = session(policy)
    talking.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n")
    (line,) = talking.send(b"x\r\n.\r\n")
    assert line.startswith("554 Message rejected: Email address is not verified.")
