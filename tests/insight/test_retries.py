"""Retry reports of stored attempts: of one message, and of what rules acted on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import NotFound
from inbox.insight import retries
from inbox.insight.retries import RetryReport, rules_report
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Exchange, Rule, Transaction
from inbox.rules import rulebook, scenarios
from mailsink.ids import uuid7
from tests import factories
from tests.insight.test_attempts import ANN, START, accepted, attempted, mail, session

pytestmark = pytest.mark.django_db

FAST = "#{} \N{MULTIPLICATION SIGN}60 Greylisting"


def report(of: Transaction, over: bool = True) -> RetryReport:
    return retries.of_transaction(ALL, of.pk, over)


def refused(seconds: float, reply: str, **fields: Any) -> Transaction:
    made = attempted(seconds, int(reply[:3]), **fields)
    Exchange.objects.filter(transaction=made).update(reply=reply)
    return made


def unheard(seconds: float, body: bytes = b"", **fields: Any) -> Transaction:
    """A message that was stored, in a session that was reset in place of its 250."""
    made = accepted(seconds, body, in_session={"ending": "refused"}, **fields)
    factories.exchange(
        made.session, 3, kind="body", verb="", transaction=made, code=250,
        reply=f"250 2.0.0 Ok: queued as {made.pk}", replied_us=None, rule="#7 lost",
    )  # fmt: skip
    return made


def test_gave_up_too_early() -> None:
    for seconds in (0, 1, 4):
        made = refused(seconds, "450 4.2.1 The user you are trying to contact is receiving mail too quickly. (why: x)")  # fmt: skip
    found = report(made)
    assert found.sentences[0] == (
        "gave_up",
        "Your application gave up after 3 attempts in 4 s; Gmail asks for hours.",
    )
    assert (found.recipients, found.sender) == ([ANN], ANN)
    assert found.speed == 1


def test_the_speed_is_that_of_the_rule_that_answered() -> None:
    first = refused(0, "451 4.7.1 Try again later")
    Exchange.objects.filter(transaction=first).update(rule=FAST.format(3))
    found = report(accepted(6))
    assert (found.speed, found.judgement.span) == (60, 360)
    assert found.sentences == [("delivered", "Delivered after 2 attempts in 6 min.")]
    assert found.subject == "Hello"


@pytest.mark.parametrize("message_id", ["1@x", ""])
def test_a_message_that_nobody_heard_of_is_sent_again(message_id: str) -> None:
    body = mail(message_id)
    refused(-60, "451 4.7.1 Later")  # of which the Message-ID is not known
    first, second = unheard(0, body), accepted(300, body)
    for each in (first, second):
        found = report(each)
        assert found.judgement.verdicts == ("duplicated",)
        assert found.history.attempts[1].unheard
        same = "The copies have the same Message-ID" in found.sentences[0][1]
        assert same is bool(message_id)


def test_a_message_that_is_built_again_has_another_id() -> None:
    first, second = unheard(0, mail("1@x")), accepted(300, mail("2@x"))
    for each in (first, second):
        found = report(each)
        assert found.judgement.verdicts == ("duplicated",)
        assert "no receiver can know" in found.sentences[0][1]


def test_what_was_heard_is_not_sent_again_by_a_message_like_it() -> None:
    accepted(0, mail("1@x"))
    found = report(accepted(300, mail("2@x")))
    assert [each[0] for each in found.sentences] == ["delivered"]
    assert len(found.history.attempts) == 1


@pytest.mark.parametrize(
    ("ending", "reply", "replied_us", "lost"),
    [
        ("refused", "250 2.0.0 Ok: queued as {}", None, True),
        ("dropped", "250 2.0.0 Ok: queued as {}", None, True),
        ("refused", "250 2.0.0 Ok: que", 7, True),
        ("dropped", "25", 7, True),
        ("dropped", "250 2.0.0 Ok, as body250 asks", 7, False),
        ("refused", "250 2.0.0 Ok: queued as {}", 7, False),
        ("quit", "250 2.0.0 Ok: queued as {}", 7, False),
    ],
)
def test_how_a_lost_reply_is_known(
    ending: str, reply: str, replied_us: int | None, lost: bool
) -> None:
    made = accepted(0, mail("1@x"), in_session={"ending": ending})
    factories.exchange(
        made.session, 3, kind="body", verb="", transaction=made, code=250,
        reply=reply.format(uuid7()), replied_us=replied_us, rule="#7 lost",
    )  # fmt: skip
    assert report(made).history.attempts[0].unheard is lost


def test_some_recipients_at_first_and_the_rest_later() -> None:
    first = accepted(0, mail("1@x"), to=(ANN, "bob@x.test"), recipients_refused=1)
    first.recipients.filter(forward_path="bob@x.test").update(rcpt_code=452)
    factories.exchange(
        first.session, 2, verb="RCPT", transaction=first, code=452, reply="452 4.5.3 Too many recipients",
    )  # fmt: skip
    waits = report(first).judgement
    assert (waits.verdict, waits.undelivered) == ("lost", {"bob@x.test"})
    second = accepted(1, mail("1@x"), to=("bob@x.test",))
    assert report(first).judgement.verdict == "delivered"
    assert report(second).judgement.verdict == "delivered"


def test_not_there() -> None:
    with pytest.raises(NotFound):
        retries.of_transaction(ALL, uuid7())


def acted_on(transaction: Transaction, rule: Rule) -> Transaction:
    found = Exchange.objects.filter(transaction=transaction)
    found.update(rule=FAST.format(rule.pk))
    return transaction


@pytest.fixture
def grey() -> Rule:
    """A rule of a scenario that was switched on before the sessions of these tests."""
    factories.inbox()
    (made,) = scenarios.switch_on(ALL, "default", "greylisting", 60)
    Rule.objects.update(created_at=START)
    made.refresh_from_db()
    return made


def test_a_message_of_many_tries_is_judged_once(grey: Rule) -> None:
    """Its history has the newest fifty; older ones are found by what the rule did, too."""
    for seconds in range(0, 120 * 60, 60):
        acted_on(refused(seconds, "451 4.7.1 Try again later"), grey)
    found = rules_report.of_rules(ALL, [grey], over=True)
    assert (len(found.reports), found.more) == (1, False)


def test_the_messages_that_a_scenario_acted_on(grey: Rule) -> None:
    acted_on(refused(0, "451 4.7.1 Try again later"), grey)
    accepted(6)
    for seconds in (100, 101):
        lost = refused(seconds, "451 4.7.1 Try again later", to=("bob@x.test",))
        acted_on(lost, grey)
    refused(200, "550 5.1.1 No", to=("other@x.test",))  # by no rule
    away = session(300, ending="refused")
    factories.exchange(away, 1, kind="connect", verb="", code=421, rule=FAST.format(grey.pk))  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        found = rules_report.of_rules(ALL, [grey], over=True)
    assert found.counts == {"gave_up": 1, "delivered": 1}
    assert [each.recipients for each in found.reports] == [["bob@x.test"], [ANN]]
    assert (found.turned_away, found.more) == (1, False)
    assert len(queries) < 60
    assert rules_report.of_rules(Scope(frozenset()), [grey]).reports == []


def test_a_bounded_number_of_messages(
    grey: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        made = refused(n, "451 4.7.1 Try again later", to=(f"{n}@x.test",))
        acted_on(made, grey)
    monkeypatch.setattr(rules_report, "MOST", 2)
    found = rules_report.of_rules(ALL, [grey])
    assert [each.recipients for each in found.reports] == [["2@x.test"], ["1@x.test"]]
    assert found.more
    monkeypatch.setattr(rules_report, "_SESSIONS", 1)
    found = rules_report.of_rules(ALL, [grey])
    assert (len(found.reports), found.more) == (1, True)


def test_another_rule_with_a_number_that_begins_alike(grey: Rule) -> None:
    made = refused(0, "451 4.7.1 Try again later")
    Exchange.objects.filter(transaction=made).update(rule=f"#{grey.pk}1 x")
    assert rules_report.of_rules(ALL, [grey]).reports == []
    assert rules_report.of_rules(ALL, []).reports == ()


def test_a_refused_mail_command(grey: Rule) -> None:
    one = session(0)
    factories.exchange(
        one, 2, verb="MAIL", line="MAIL FROM:<app@example.com>", code=421, rule=FAST.format(grey.pk),
        reply="421 4.7.0 Error: too many connections from 192.0.2.1",
    )  # fmt: skip
    (found,) = rules_report.of_rules(ALL, [grey], over=True).reports
    assert found.transaction is None
    assert found.sentences[0][1] == (
        "Lost: your application never tried again after 421 4.7.0; Postfix asks for hours."
    )
    assert rulebook.get(ALL, grey.pk).limits["speed"] == 60
