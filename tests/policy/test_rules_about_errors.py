"""Rules for messages with errors, or without: judged as strict mode judges them."""

from __future__ import annotations

import pytest

from inbox.errors import Invalid
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.policy import message_judge
from inbox.policy.message_judge import Judgement, MessageJudge, has_errors
from inbox.policy.policy import InboxPolicy
from inbox.rules import dry_lines, dry_run, rulebook
from mailsink.ports import Consult
from mailsink.smtp.protocol.events import Body
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
        (answer,) = dry_run.run(ALL, "default", [line], has_errors=has_errors).answers
        return answer.verdicts[0].reason

    assert [reason(BAD), reason(GOOD)] == ["", "errors"]
    assert has_errors(Consult("body", SESSION, {})) is None
