"""Dry runs: which rule would answer, why the others would not, and nothing is counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Rule, RuleCount
from inbox.rules import dry_lines, dry_run, rulebook
from inbox.rules.dry_lines import MadeUp
from inbox.rules.dry_run import DryAnswer, DryRun
from inbox.rules.rule_sentences import plain
from inbox.rules.verdict_words import reply_lines, why_not
from tests import factories
from tests.factories import recorded_message
from tests.mails import ORDER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _inbox() -> None:
    factories.inbox()


def add(**fields: Any) -> Rule:
    given = {"stage": "rcpt", "actions": {"code": 451}, **fields}
    return rulebook.add(ALL, "default", given)


def tried(recipient: str = "audit@b.test", **more: Any) -> DryRun:
    lines = dry_lines.made_up(MadeUp(recipient, **more))
    return dry_run.run(ALL, "default", lines, until_refused=True)


def at(found: DryRun, stage: str) -> DryAnswer:
    return next(each for each in found.answers if each.line.consult.stage == stage)


def test_what_would_be_too_much_to_say(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand rules at two hundred lines would be half a million rows of a page."""
    for _ in range(3):
        add(conditions={"forward_path": "x@*"})
    monkeypatch.setattr(dry_run, "MOST_VERDICTS", 3)
    assert tried().complete
    monkeypatch.setattr(dry_run, "MOST_VERDICTS", 2)
    found = tried()
    assert not found.complete
    assert [each.line.consult.stage for each in found.answers] == ["connect", "helo", "mail"]  # fmt: skip
    page = client.get("/rules/try?of=audit@b.test").content.decode()
    assert "There are too many rules to try them all" in page


def test_the_rule_that_answers_and_why_the_others_do_not() -> None:
    off = add(name="off")
    rulebook.change(ALL, off.pk, {"is_on": False})
    add(name="other", conditions={"tls": False, "forward_path": "x@*"})
    acting = add(name="acts", conditions={"forward_path": "audit@*"}, actions={"code": 550, "delay_ms": 9})  # fmt: skip
    add(name="below")
    add(name="elsewhere", stage="mail", conditions={"reverse_path": "x"})
    found = tried()
    answer = at(found, "rcpt")
    assert answer.acting == [acting]
    assert [each.reason for each in answer.others] == ["off", "forward_path", "settled"]
    words = [plain(why_not(each, answer.line.consult)) for each in answer.others]
    assert words[1] == "Not met: the recipient matches x@*. Here it is audit@b.test."
    assert reply_lines(answer) == ["550 5.1.1 There is no such user here"]
    assert answer.decision.delay == 0.009
    assert found.stopped
    assert found.answers[-1] is answer


@pytest.mark.parametrize(
    ("stage", "conditions", "reason"),
    [
        ("rcpt", {"client": "10.0.0.0/8"}, "client"),
        ("rcpt", {"helo": "x"}, "helo"),
        ("rcpt", {"user": "x"}, "user"),
        ("rcpt", {"reverse_path": "x"}, "reverse_path"),
        ("rcpt", {"tls": True}, "tls"),
        ("rcpt", {"transaction": 2}, "transaction"),
        ("rcpt", {"session": 2}, "session"),
        ("rcpt", {"attempt": 2}, "attempt"),
        ("body", {"header": "Subject", "header_value": "x"}, "header"),
        ("body", {"body": "x"}, "body"),
        ("body", {"size_over": 5}, "size_over"),
        ("any", {"verb": "NOOP"}, "verb"),
    ],
)
def test_every_condition_can_be_the_one(
    stage: str, conditions: dict[str, Any], reason: str
) -> None:
    add(stage=stage, conditions=conditions)
    answer = at(tried(), "rcpt" if stage == "any" else stage)
    (verdict,) = answer.others
    assert verdict.reason == reason
    assert plain(why_not(verdict, answer.line.consult)).startswith("Not met: ")


def test_conditions_that_hold() -> None:
    add(
        stage="body",
        conditions={"client": "127.0.0.0/8", "helo": "h", "user": "u", "tls": True,
                    "reverse_path": "*@s.test", "forward_path": "/^audit/", "transaction": 1,
                    "session": 1, "attempt": 1},
    )  # fmt: skip
    found = tried(helo="h", user="u", tls=True, sender="a@s.test")
    assert at(found, "body").acting
    assert [each.line.consult.stage for each in found.answers] == [
        "connect", "helo", "auth", "mail", "rcpt", "data", "body",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"limits": {"first": 1}}, "first"),
        ({"limits": {"every": 2}}, "every"),
        ({"limits": {"rate": 2}}, "rate"),
        ({"limits": {"probability": 0.0001, "seed": "x"}}, "probability"),
        ({"max_hits": 1}, "max_hits"),
    ],
)
def test_limits_are_judged_and_nothing_is_counted(
    fields: dict[str, Any], reason: str
) -> None:
    add(**fields)
    lines = [*dry_lines.made_up(MadeUp("a@b.test"))] * 3
    found = dry_run.run(ALL, "default", lines)
    asked = [each for each in found.answers if each.verdicts]
    reasons = [each.verdicts[0].reason for each in asked]
    assert reasons == {
        "first": ["", "first", "first"], "every": ["every", "", "every"], "rate": ["rate", "rate", ""],
        "probability": ["probability"] * 3, "max_hits": ["", "max_hits", "max_hits"],
    }[reason]  # fmt: skip
    assert not RuleCount.objects.exists()
    assert Rule.objects.get().hits == 0
    said = next(each for each in asked if each.others)
    assert "only so often" in plain(why_not(said.others[0], said.line.consult))


def test_addresses_that_ask_and_all_rules_off() -> None:
    add(conditions={"forward_path": "x"})
    answer = at(tried("rcpt552@b.test"), "rcpt")
    assert answer.decision.rule == "address rcpt552@b.test"
    add()
    inboxes.update(ALL, "default", rules_on=False)
    found = tried()
    assert not found.rules_on
    assert not any(each.verdicts for each in found.answers)


def test_it_ends_when_its_time_is_over() -> None:
    add()
    lines = dry_lines.made_up(MadeUp("a@b.test"))
    found = dry_run.run(ALL, "default", lines, seconds=-1)
    assert not found.complete
    assert [each.line.consult.stage for each in found.answers] == ["connect", "helo", "mail"]  # fmt: skip


def test_a_stored_message_and_its_session(client: Client) -> None:
    message = recorded_message(ORDER)
    subject = {"header": "Subject", "header_value": "*order*"}
    rule = add(stage="body", conditions=subject)
    for id in (message.pk, message.transaction.session_id):
        html = LexborHTMLParser(client.get(f"/rules/try?of={id}").content.decode())
        said = html.css_first(".trial").text()
        assert f"#{rule.pk}" in said
        assert "451 4.3.0" in said
        assert "MAIL FROM" in said


def test_faults_of_the_page(client: Client) -> None:
    for of in ("x", "01a2286b-5dcd-72da-95d9-27df6ea46ce7"):
        answer = client.get(f"/rules/try?of={of}")
        assert answer.status_code in (404, 422)
        assert 'role="alert"' in answer.content.decode()
    assert client.get("/rules/try?of=a@b&client=x").status_code == 422
