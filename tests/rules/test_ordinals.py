"""Rules for the nth session of a client, and the nth attempt of a message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import Invalid
from inbox.mailbox.scope import ALL
from inbox.models import RuleCount
from inbox.policy.policy import InboxPolicy
from inbox.rules import ordinals, rulebook
from inbox.rules.ordinals import Ordinals
from inbox.storage.write_lock import write_turn
from mailsink.ids import uuid7
from mailsink.ports import Consult, Decision
from tests import factories
from tests.rules.test_rules import LATER, OK, policy, rule, started
from tests.smtp.harness import Session, ready

__all__ = ["policy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

MAIL = b"MAIL FROM:<a@b.test>\r\n"
RCPT = b"RCPT TO:<b@b.test>\r\n"


def client(policy: InboxPolicy, address: str = "192.0.2.7") -> Session:
    """A session of its own, of a client at an address."""
    id = uuid7()

    def decide(consult: Consult) -> Decision:
        facts = {**consult.facts, "client_address": address}
        consult = replace(consult, session=id, facts=facts)
        now = policy.decide_now(consult)
        return asyncio.run(policy.decide(consult)) if now is None else now

    return ready(decide=decide, asks=policy.asks, stages=policy.stages)


def rcpt(talking: Session, path: str = "b@b.test") -> str:
    talking.send(b"RSET\r\n" + MAIL)
    (line,) = talking.send(f"RCPT TO:<{path}>\r\n".encode())
    return line


def test_the_second_session_of_each_client(policy: InboxPolicy) -> None:
    rule(conditions={"session": 2})
    first, second, third = (client(policy) for _ in range(3))
    assert [rcpt(each) for each in (first, second, first, second)] == [OK, LATER] * 2
    assert [rcpt(third), rcpt(first), rcpt(second)] == [OK, OK, LATER]
    other = "192.0.2.8"
    assert [rcpt(client(policy, other)) for _ in range(3)] == [OK, LATER, OK]


def test_sessions_count_over_a_restart_and_in_other_processes(
    policy: InboxPolicy,
) -> None:
    one = rule(conditions={"session": 3})
    heard = [rcpt(client(each)) for each in (policy, started(), started(), policy)]
    assert heard == [OK, OK, LATER, OK]
    rulebook.change(ALL, one.pk, {"name": "starts again"})
    assert [rcpt(client(policy)) for _ in range(3)] == [OK, OK, LATER]


def test_two_sessions_at_once_have_two_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one counts while ours waits for its turn to do so."""
    started()
    one, now = rule(conditions={"session": 1}), datetime.now(UTC)

    def is_first() -> bool:
        consult = Consult("rcpt", uuid7(), {"client_address": "192.0.2.7"})
        return Ordinals().hold({"session": 1}, one, consult, now)

    others: list[bool] = []

    @contextmanager
    def turn() -> Iterator[None]:
        if not others:
            others.append(False)
            others[0] = is_first()
        with write_turn():
            yield

    monkeypatch.setattr(ordinals, "write_turn", turn)
    assert (is_first(), others) == (False, [True])


def test_only_what_meets_the_other_conditions_is_counted(policy: InboxPolicy) -> None:
    rule(conditions={"session": 1, "forward_path": "audit@*"})
    assert rcpt(client(policy)) == OK
    assert rcpt(client(policy), "audit@b.test") == LATER
    assert rcpt(client(policy), "audit@b.test") == OK


def test_what_is_passed_is_not_counted_on(policy: InboxPolicy) -> None:
    rule(conditions={"session": 1})
    rcpt(client(policy))
    with CaptureQueriesContext(connection) as queries:
        assert [rcpt(client(policy)) for _ in range(3)] == [OK] * 3
    assert not [each for each in queries if "UPDATE" in each["sql"]]
    assert RuleCount.objects.get().count == 1


def test_the_second_attempt_of_a_message(policy: InboxPolicy) -> None:
    rule(conditions={"attempt": 2})
    talking = client(policy)
    heard = [rcpt(talking), rcpt(client(policy)), rcpt(talking), rcpt(client(policy))]
    assert heard == [OK, LATER, OK, OK]
    assert [rcpt(talking, "c@b.test") for _ in range(2)] == [OK, LATER]


def test_attempts_at_the_end_go_by_the_message_id(policy: InboxPolicy) -> None:
    rule("body", conditions={"attempt": 2})

    def body(id: str) -> str:
        talking = client(policy)
        talking.send(MAIL + RCPT + b"DATA\r\n")
        octets = f"Message-ID: <{id}@b.test>\r\n\r\nx\r\n.\r\n".encode()
        return talking.send(octets)[0][:3]

    assert [body("1"), body("2"), body("1"), body("1")] == ["250", "250", "450", "250"]


def accepted(at: datetime) -> None:
    """A message of the same envelope, accepted at a time, by a session a minute old."""
    began = at - timedelta(minutes=1)
    session = factories.session(client_address="192.0.2.7", opened_at=began)
    factories.transaction(
        session=session,
        reverse_path="A@b.test",
        outcome="accepted",
        started_us=0,
        ended_us=60_000_000,
        recipients=["b@b.test"],
    )


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The time by which rules go, which stands still."""
    now = datetime.now(UTC)
    monkeypatch.setattr("inbox.policy.rule_policy.now", lambda: now)
    return now


@pytest.mark.parametrize(("seconds", "again"), [(1, LATER), (-1, OK)])
def test_an_accepted_message_ends_its_story(
    policy: InboxPolicy,
    at: datetime,
    seconds: int,
    again: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(conditions={"attempt": 1})
    assert [rcpt(client(policy)) for _ in range(2)] == [LATER, OK]
    accepted(at + timedelta(seconds=seconds))
    later = at + timedelta(seconds=2)
    monkeypatch.setattr("inbox.policy.rule_policy.now", lambda: later)
    assert [rcpt(client(policy)) for _ in range(2)] == [again, OK]


def test_a_story_lasts_a_day(
    policy: InboxPolicy, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(conditions={"attempt": 1})
    assert rcpt(client(policy)) == LATER
    later = at + timedelta(hours=24)
    monkeypatch.setattr("inbox.policy.rule_policy.now", lambda: later)
    assert [rcpt(client(policy)) for _ in range(2)] == [LATER, OK]


def test_numbers_in_memory_are_bounded(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordinals, "_REMEMBERED", 3)
    rule(conditions={"session": 50})
    for _ in range(10):
        rcpt(client(policy))
    known = policy._rules._ordinals._numbers
    assert len(known) == 3


@pytest.mark.parametrize("stage", ["connect", "helo", "mail", "rset", "any"])
def test_an_attempt_is_not_known_at_each_stage(stage: str) -> None:
    with pytest.raises(Invalid, match="an attempt is known at the stages rcpt"):
        rule(stage, conditions={"attempt": 1})
