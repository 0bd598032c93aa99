"""Rules, as sessions meet them: conditions, actions, order, and the switch."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from inbox.errors import NotFound
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.policy.policy import InboxPolicy
from inbox.rules import rulebook
from mailsink.ports import Consult, Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import Handling
from tests import factories
from tests.smtp import tls_client
from tests.smtp.harness import SESSION, Session, ready

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

BUSY = {"code": 450, "enhanced": "4.7.1", "text": ["Try later"]}
LATER = "450 4.7.1 Try later"
OK = "250 2.1.5 Recipient ok"


@pytest.fixture
def policy() -> InboxPolicy:
    return started()


def started() -> InboxPolicy:
    """A policy as another process has it."""
    made = InboxPolicy(factories.inbox().pk)
    made.refresh()
    return made


def rule(stage: str = "rcpt", actions: Any = None, **fields: Any) -> Rule:
    given = {"stage": stage, "actions": actions or BUSY, **fields}
    return rulebook.add(ALL, "default", given)


def session(policy: InboxPolicy, **options: Any) -> Session:
    def decide(consult: Consult) -> Decision:
        now = policy.decide_now(consult)  # as the transport does
        return asyncio.run(policy.decide(consult)) if now is None else now

    options.setdefault("stages", policy.stages)
    return ready(decide=decide, asks=policy.asks, **options)


def rcpt(policy: InboxPolicy, path: str = "b@b.test", sender: str = "a@b.test") -> str:
    talking = session(policy)
    talking.send(f"MAIL FROM:<{sender}>\r\n".encode())
    (line,) = talking.send(f"RCPT TO:<{path}>\r\n".encode())
    return line


def body(policy: InboxPolicy, octets: bytes = b"x\r\n", **options: Any) -> str:
    talking = session(policy, **options)
    talking.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n")
    (line,) = talking.send(octets + b".\r\n")
    return line


def test_without_rules_nothing_is_asked(policy: InboxPolicy) -> None:
    assert policy.stages == set()
    one = rule()
    assert policy.stages == {"rcpt"}
    rulebook.change(ALL, one.pk, {"is_on": False})
    assert policy.stages == set()


def test_a_rule_answers_and_the_transcript_names_it(policy: InboxPolicy) -> None:
    one = rule(name="grey")
    talking = session(policy)
    talking.send(b"MAIL FROM:<a@b.test>\r\n")
    assert talking.send(b"RCPT TO:<b@b.test>\r\n") == [LATER]
    assert talking.last.replied is not None
    assert talking.last.replied.rule == f"#{one.pk} grey"


CONDITIONS: list[tuple[dict[str, Any], str, bool]] = [
    ({"forward_path": "audit@b.test"}, "audit@b.test", True),
    ({"forward_path": "audit@b.test"}, "AUDIT@B.test", True),
    ({"forward_path": "audit@b.test"}, "audit@b.tests", False),
    ({"forward_path": "audit*"}, "audit@b.test", True),
    ({"forward_path": "*@b.test"}, "x@b.test", True),
    ({"forward_path": "*@b.test"}, "x@c.test", False),
    ({"forward_path": "a?@*"}, "ab@c.test", True),
    ({"forward_path": "/^a[0-9]+@/"}, "a12@c.test", True),
    ({"forward_path": "/^a[0-9]+@/"}, "ab@c.test", False),
    ({"client": "192.0.2.0/24"}, "x@b.test", True),
    ({"client": "192.0.3.0/24"}, "x@b.test", False),
    ({"client": "2001:db8::/32"}, "x@b.test", False),
    ({"helo": "client.*"}, "x@b.test", True),
    ({"helo": "other.*"}, "x@b.test", False),
    ({"reverse_path": "a@b.test"}, "x@b.test", True),
    ({"user": "*"}, "x@b.test", False),
    ({"tls": False}, "x@b.test", True),
    ({"tls": True}, "x@b.test", False),
    ({"transaction": 1}, "x@b.test", True),
    ({"transaction": 2}, "x@b.test", False),
    ({"verb": "RCPT"}, "x@b.test", True),
    ({"reverse_path": "a@b.test", "forward_path": "y*"}, "x@b.test", False),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "path", "holds"), CONDITIONS)
def test_conditions(
    policy: InboxPolicy, conditions: dict[str, Any], path: str, holds: bool
) -> None:
    rule(conditions=conditions)
    assert rcpt(policy, path) == (LATER if holds else OK)


MESSAGES: list[tuple[dict[str, Any], bool]] = [
    ({"header": "subject", "header_value": "*invoice*"}, True),
    ({"header": "Subject", "header_value": "invoice"}, False),
    ({"header": "X-Other", "header_value": "*"}, False),
    ({"body": "pay now"}, True),
    ({"body": "pay*twice"}, True),
    ({"body": "/pay (now|later)/"}, True),
    ({"body": "pay later"}, False),
    ({"size_over": 20}, True),
    ({"size_over": 1000}, False),
    ({"forward_path": "b@*"}, True),
    ({"forward_path": "c@*"}, False),
]


@pytest.mark.parametrize(("conditions", "holds"), MESSAGES)
@pytest.mark.parametrize("spooled", [False, True])
def test_conditions_on_the_message(
    policy: InboxPolicy, conditions: dict[str, Any], holds: bool, spooled: bool
) -> None:
    rule("body", conditions=conditions)
    mail = b"Subject: Your =?utf-8?q?Invoice?= 7\r\n\r\nPay now,\r\n  not twice\r\n"
    profile = Profile(spool_threshold=10 if spooled else 1000)
    assert (body(policy, mail, profile=profile) == LATER) is holds


def test_a_declared_size(policy: InboxPolicy) -> None:
    rule("mail", conditions={"size_over": 100})
    talking = session(policy)
    assert talking.send(b"MAIL FROM:<a@b.test> SIZE=101\r\n") == [LATER]
    assert talking.send(b"MAIL FROM:<a@b.test> SIZE=100\r\n")[0].startswith("250")


def test_any_command(policy: InboxPolicy) -> None:
    rule("any", conditions={"verb": "NOOP"})
    talking = session(policy)
    assert talking.send(b"NOOP\r\n") == [LATER]
    assert talking.send(b"RSET\r\n")[0].startswith("250")


def test_the_first_that_fits_settles_the_reply(policy: InboxPolicy) -> None:
    rule(actions={"delay_ms": 1000, "tags": ["slow"]}, name="slow")
    second = rule(conditions={"forward_path": "x@*"})
    third = rule(actions={"code": 550, "enhanced": ""}, name="gone")
    talking = session(policy)
    talking.send(b"MAIL FROM:<a@b.test>\r\n")
    assert talking.send(b"RCPT TO:<b@b.test>\r\n") == []
    assert talking.tick(1) == ["550 There is no such user here"]
    assert talking.last.replied is not None
    assert talking.last.replied.rule.endswith(f"slow, #{third.pk} gone")
    rulebook.put_in_order(ALL, "default", [third.pk, second.pk, third.pk - 2])
    assert rcpt(policy, "x@b.test") == "550 There is no such user here"
    rulebook.move(ALL, second.pk, -1)
    assert rcpt(policy, "x@b.test") == LATER


def test_extensions_are_withdrawn(policy: InboxPolicy) -> None:
    rule("helo", {"without": ["starttls"], "size": 77}, conditions={"helo": "*.test"})
    talking = session(policy, profile=Profile(tls=tls_client.server()))
    lines = talking.send(b"EHLO a.test\r\n")
    assert "250-SIZE 77" in lines
    assert "250-STARTTLS" not in lines


def test_a_message_is_marked_routed_and_discarded(policy: InboxPolicy) -> None:
    rule("mail", {"tags": ["a"], "pin": True})
    rule(actions={"inbox": "default", "tags": ["b"]})
    talking = session(policy)
    talking.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n")
    talking.send(b"x\r\n.\r\n")
    assert talking.arrivals[0].handling == Handling(("a", "b"), True, "default")
    one = rule("body", {"discard": True}, name="drop")
    assert body(policy) == "250 2.0.0 Ok: discarded, as a rule wants it"
    rulebook.change(ALL, one.pk, {"actions": {"inbox": "default"}})
    with pytest.raises(NotFound, match='no inbox "gone"'):
        rulebook.change(ALL, one.pk, {"actions": {"inbox": "gone"}})
    with pytest.raises(NotFound, match='no inbox "gone"'):
        rule("body", {"inbox": "gone"})


def test_tls_fails_at_starttls_and_where_it_comes_first(policy: InboxPolicy) -> None:
    rule("starttls", {"delay_ms": 1})
    one = rule("starttls", {"tls_failure": "expired"}, conditions={"client": "::1"})
    rule("starttls", {"code": 454})
    rule("any", {"code": 421})
    facts: dict[str, str | int] = {"client_address": "::1"}
    decided = policy.decide_now(
        Consult("starttls", SESSION, facts | {"verb": "STARTTLS"})
    )
    assert decided is not None
    assert (decided.tls_failure, decided.reply, decided.delay) == ("expired", None, 0.001)  # fmt: skip
    decided = policy.decide_now(Consult("starttls", SESSION, facts))
    assert decided is not None
    assert (decided.rule, decided.delay) == (f"#{one.pk}", 0.0)
    facts = {"client_address": "192.0.2.7"}
    assert policy.decide_now(Consult("starttls", SESSION, facts)) == Decision()


def test_one_switch_for_all(policy: InboxPolicy) -> None:
    rule()
    inboxes.update(ALL, "default", rules_on=False)
    assert policy.stages == set()
    assert rcpt(policy) == OK
    inboxes.update(ALL, "default", rules_on=True)
    assert rcpt(policy) == LATER


def test_a_rule_comes_before_addresses_and_settings(policy: InboxPolicy) -> None:
    inboxes.update(ALL, "default", paused=True)
    rule(conditions={"forward_path": "*@rule.test"})
    assert rcpt(policy, "rcpt550@rule.test") == LATER
    assert rcpt(policy, "rcpt550@b.test").startswith("550 5.1.1 ")
    assert rcpt(policy).startswith("450 4.2.1 ")


def test_only_what_is_counted_or_read_has_to_be_waited_for(policy: InboxPolicy) -> None:
    facts: dict[str, str | int] = {"forward_path": "b@b.test"}
    consult = Consult("rcpt", SESSION, facts)
    rule(actions={"delay_ms": 5})
    assert policy.decide_now(consult) is not None
    counted = rule(limits={"first": 9})
    assert policy.decide_now(consult) is None
    decided = asyncio.run(policy.decide(consult))
    assert (decided.delay, decided.reply is not None) == (0.005, True)
    assert decided.rule.endswith(f", #{counted.pk}")


def test_any_command_means_each_command_once(policy: InboxPolicy) -> None:
    rule("any", {"delay_ms": 1000})
    talking = session(policy, stages=frozenset({"data", "bdat"}))
    talking.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@b.test>\r\n")
    assert talking.send(b"BDAT 1\r\nx") == []
    assert len(talking.tick(1)) == 1
