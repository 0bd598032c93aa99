"""Rules for messages with errors, or without: judged as strict mode judges them."""

from __future__ import annotations

from functools import partial

import pytest
from django.test import Client

from inbox.errors import Invalid
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Exchange, Raw
from inbox.policy import message_judge
from inbox.policy.message_judge import Judgement, MessageJudge, has_errors
from inbox.policy.policy import InboxPolicy
from inbox.rules import dry_lines, dry_run, rulebook
from mailsink.ports import Consult
from mailsink.smtp.protocol.events import Body
from tests import factories
from tests.policy.test_strict_mode import BAD, GOOD, send, session, started
from tests.smtp.harness import SESSION

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def policy() -> InboxPolicy:
    return started("off")


def rule(errors: bool, code: int = 450) -> None:
    fields = {
        "stage": "body",
        "actions": {"code": code},
        "conditions": {"errors": errors},
    }
    rulebook.add(ALL, "default", fields)


def heard(policy: InboxPolicy) -> list[str]:
    """What a message with an error gets, and one without."""
    return [send(session(policy), each)[:3] for each in (BAD, GOOD)]


@pytest.mark.parametrize(("errors", "codes"), [(True, "450 250"), (False, "250 450")])
def test_with_an_error_or_without(
    policy: InboxPolicy, errors: bool, codes: str
) -> None:
    rule(errors)
    assert heard(policy) == codes.split()


def test_what_an_inbox_allows_is_no_error(policy: InboxPolicy) -> None:
    rule(errors=True)
    inboxes.update(ALL, "default", strict_ignored=["placeholder"])
    assert heard(policy) == ["250", "250"]


def test_a_message_is_judged_once_for_all_rules(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    judge = MessageJudge.judge

    async def counting(self: MessageJudge, *given: object) -> Judgement:
        asked.append(1)
        return await judge(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(MessageJudge, "judge", counting)
    for code in (450, 451, 452):
        rule(errors=True, code=code)
    assert heard(policy) == ["450", "250"]
    assert len(asked) == 2


def test_where_it_is_not_known_neither_acts(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_judge, "_judged", lambda *_: Judgement(missed="all"))
    rule(errors=True)
    rule(errors=False)
    assert heard(policy) == ["250", "250"]


def test_before_the_message_it_is_refused() -> None:
    with pytest.raises(Invalid, match="known at the stage body only"):
        rulebook.add(
            ALL,
            "default",
            {"stage": "rcpt", "actions": {"code": 450}, "conditions": {"errors": True}},
        )


def test_a_dry_run_judges_too(policy: InboxPolicy) -> None:
    rule(errors=True)

    def reason(octets: bytes) -> str:
        body = Body(len(octets), "", True, octets)
        line = dry_lines.DryLine("", Consult("body", SESSION, {}, body=body), None)
        judge = partial(has_errors, ())
        (answer,) = dry_run.run(ALL, "default", [line], has_errors=judge).answers
        return answer.verdicts[0].reason

    assert [reason(BAD), reason(GOOD)] == ["", "errors"]
    assert has_errors((), Consult("body", SESSION, {})) is None


def acts(client: Client, of: str) -> bool:
    """Whether a dry run has the one rule for errors act."""
    (one,) = rulebook.find(ALL, "default")
    body = {"session": of} if "@" not in of else {"recipient": of}
    answer = client.post("/api/v3/rules/dry-run", body, "application/json").json()
    (end,) = [each for each in answer["lines"] if each["stage"] == "body"]
    page = client.get(f"/rules/try?of={of}").content.decode()
    found = bool(end["acting"])
    assert ("1 rule does not act" not in page) is found
    assert [each["id"] for each in end["acting"] + end["others"]] == [one.pk]
    return found


def test_a_dry_run_allows_what_the_inbox_allows(client: Client) -> None:
    of = str(factories.recorded_message(BAD).transaction.session_id)
    rule(errors=True)
    assert acts(client, of)
    inboxes.update(ALL, "default", strict_ignored=["placeholder"])
    assert not acts(client, of)


def test_a_dry_run_judges_the_envelope_too(client: Client) -> None:
    session = factories.recorded_message(GOOD).transaction.session
    rule(errors=True)
    assert not acts(client, str(session.pk))
    Exchange.objects.filter(session=session, verb="MAIL").update(flags="lenient_path")
    assert acts(client, str(session.pk))


@pytest.mark.parametrize("errors", [True, False])
def test_a_dry_run_does_not_judge_what_is_not_there(
    client: Client, errors: bool
) -> None:
    rule(errors)
    assert not acts(client, "audit@b.test")
    long = GOOD + b"x\r\n" * dry_lines.LOOKED_AT
    session = factories.recorded_message(long).transaction.session
    assert not acts(client, str(session.pk))
    Raw.objects.all().delete()
    assert not acts(client, str(session.pk))


def test_a_dry_run_judges_a_message_once_for_all_rules() -> None:
    factories.inbox()
    for code in (450, 451):
        rule(errors=True, code=code)
    asked: list[Consult] = []
    lines = [*dry_lines.made_up(dry_lines.MadeUp("a@b.test"))]
    found = dry_run.run(ALL, "default", lines, has_errors=asked.append)
    assert [each.reason for each in found.answers[-1].others] == ["errors"] * 2
    assert len(asked) == 1
