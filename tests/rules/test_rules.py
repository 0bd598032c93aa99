"""Rules, as sessions meet them: conditions, actions, order, limits, and the switch."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import Invalid, NotFound
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Rule, RuleCount
from inbox.policy.policy import InboxPolicy
from inbox.rules import hit_log, rule_limits, rulebook
from inbox.storage import write_lock
from inbox.storage.write_lock import ROWS_IN_A_TURN, several_turns
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


def test_hits_outlast_a_database_that_fails(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = rule()
    rcpt(policy)
    with monkeypatch.context() as patched:
        patched.setattr(hit_log, "_add", _fails)
        with pytest.raises(OperationalError):
            policy.close()
    rcpt(policy)
    policy.close()
    one.refresh_from_db()
    assert (one.hits, len(one.last_hits)) == (2, 2)
    assert one.last_hits[0][2] > one.last_hits[1][2]


def _fails(*args: object) -> None:
    raise OperationalError("the disk is full")


def test_expired_rules_make_room(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "MOST", 2)
    kept, expired = rule(), rule(expires_in=60)
    with pytest.raises(Invalid, match="at most 2 rules"):
        rule()
    Rule.objects.filter(pk=expired.pk).update(expires_at=rule_limits.now())
    assert [each.pk for each in rulebook.find(ALL)] == [kept.pk, expired.pk]
    made = rule()
    assert [each.pk for each in rulebook.find(ALL)] == [kept.pk, made.pk]


def test_rules_go_without_holding_up_mail() -> None:
    """Clients may have made thousands of counts: no turn at writing takes all of them."""
    factories.inbox()
    fields = {"stage": "rcpt", "actions": BUSY, "scenario": "mine"}
    later = rule_limits.now()

    def add() -> None:
        for rule in rulebook.add_all(ALL, "default", [fields] * 2):
            RuleCount.objects.bulk_create(
                RuleCount(rule_id=rule.pk, key=str(key), count=1, since=later)
                for key in range(ROWS_IN_A_TURN - 1)
            )

    changed: list[int] = []

    def look(execute: Any, sql: str, *given: Any) -> Any:
        found = execute(sql, *given)
        if sql.startswith("DELETE"):
            changed.append(given[-1]["cursor"].rowcount)
        return found

    with connection.execute_wrapper(look):
        add()
        rulebook.put_scenario(ALL, "default", [fields], "mine")
        add()
        rulebook.delete_scenario(ALL, "default", "mine")
        add()
        Rule.objects.update(expires_at=later)
        rulebook.add_all(ALL, "default", [fields], scenario="mine")
    assert ROWS_IN_A_TURN - 1 in changed
    assert max(changed) < ROWS_IN_A_TURN


def test_a_scenario_is_replaced_by_one_process_after_the_other() -> None:
    """Each of two would remove what was there, and leave its own beside the other's."""
    inbox = factories.inbox()
    fields = {"stage": "rcpt", "actions": BUSY, "scenario": "mine"}
    rulebook.put_scenario(ALL, "default", [fields], "mine")
    with CaptureQueriesContext(connection) as asked:
        rulebook.put_scenario(ALL, "default", [fields], "mine")
    statements = [each["sql"] for each in asked]
    changed = next(n for n, each in enumerate(statements) if "inbox_rule" in each and "DELETE" in each)  # fmt: skip
    if connection.vendor == "postgresql":
        assert any("FOR NO KEY UPDATE" in each for each in statements[:changed])
    assert [each.inbox_id for each in rulebook.find(ALL)] == [inbox.pk]


def test_many_rules_change_by_one_statement() -> None:
    """An expression for each value took more than a second, while mail waited."""
    factories.inbox()
    fields = {"stage": "rcpt", "actions": BUSY, "limits": {"rate": 1, "seconds": 90}}
    made = rulebook.add_all(ALL, "default", [fields] * 120)
    order = [each.pk for each in reversed(made)]
    with CaptureQueriesContext(connection) as asked:
        found = rulebook.put_in_order(ALL, "default", order)
        fast = rulebook.set_speed(ALL, "default", 30)
    assert [each.pk for each in found] == order
    assert {each.limits["speed"] for each in fast} == {30}
    assert all(each.changed_at > made[0].changed_at for each in fast)
    changes = [each["sql"] for each in asked if "UPDATE" in each["sql"]]
    assert not [each for each in changes if "CASE" in each]


def test_hits_are_kept(policy: InboxPolicy) -> None:
    one = rule()
    for _ in range(12):
        rcpt(policy)
    policy.refresh()
    one.refresh_from_db()
    assert one.hits == 12
    assert len(one.last_hits) == 10
    session_id, seq, _ = one.last_hits[0]
    assert (len(session_id), seq) == (36, 4)
    version = one.changed_at
    rcpt(policy)
    policy.refresh()
    one.refresh_from_db()
    assert (one.hits, one.changed_at) == (13, version)


def test_rules_are_read_while_hits_wait_for_their_turn(policy: InboxPolicy) -> None:
    """Who changes a rule with If-Match has the turn, and reads the rules: it would wait
    for ever for one who reads them, and waits for the turn."""
    one = rule()
    rcpt(policy)
    with several_turns():
        writing = reading_thread(policy)
        while not write_lock._turns._waiting:
            writing.join(0.01)
        reading = reading_thread(policy)
        reading.join(30)
        assert not reading.is_alive()
        one.refresh_from_db()
        assert one.hits == 0
    writing.join(30)
    one.refresh_from_db()
    assert one.hits == 1


def reading_thread(policy: InboxPolicy) -> Thread:
    def read() -> None:
        policy.refresh()
        connection.close()

    thread = Thread(target=read)
    thread.start()
    return thread


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


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"actions": {}}, "a rule does something"),
    ({"actions": {"code": 199}}, "code is a number"),
    ({"actions": {"code": 470}}, "470 is no reply code"),
    ({"actions": {"code": 550, "enhanced": "4.1.1"}}, "begins as the code does"),
    ({"actions": {"code": 550, "enhanced": "5.x"}}, "is no enhanced code"),
    ({"actions": {"text": ["x"]}}, "a reply has a code"),
    ({"actions": {"code": 550, "text": ["a\r\n250 ok"]}}, "a reply has at most"),
    ({"actions": {"code": 550, "text": ["é"]}}, "in ASCII"),
    ({"actions": {"delay_ms": 300_001}}, "delay_ms is a number"),
    ({"actions": {"reset": True}}, "say where"),
    ({"actions": {"close": "soon"}}, "close is one of"),
    ({"actions": {"explode": True}}, 'no member "explode"'),
    ({"actions": {"tags": [""]}}, "tags"),
    ({"actions": {"without": ["DSN"]}}, "at the stage helo only"),
    ({"actions": {"tls_failure": "expired"}}, "at the stage starttls only"),
    (
        {"stage": "starttls", "actions": {"tls_failure": "expired", "code": 454}},
        "no other action",
    ),
    ({"actions": {"tls_failure": "odd"}}, "tls_failure is one of wrong_name"),
    ({"stage": "quit", "actions": {"tags": ["x"]}}, "no message at the stage quit"),
    ({"stage": "helo", "actions": {"pin": True}}, "no message at the stage helo"),
    ({"stage": "rset", "actions": {"discard": True}}, "no message at the stage rset"),
    ({"stage": "auth", "actions": {"inbox": "x"}}, "no message at the stage auth"),
    ({"actions": {"inbox": "a b"}}, "is no slug of an inbox"),
    ({"actions": {"discard": True, "code": 550}}, "refused or discarded"),
    ({"stage": "soon"}, "stage is one of"),
    ({"conditions": {"client": "x"}}, "no address or network"),
    ({"conditions": {"forward_path": "/(/"}}, "cannot be used"),
    ({"conditions": {"forward_path": "/(a){1000}{1000}/"}}, "cannot be used"),
    (
        {"conditions": {"forward_path": "/" + "([ab]?){1000}" * 20 + "c/"}},
        "it repeats too much",
    ),
    (
        {"stage": "body", "conditions": {"body": "/" + "(.?.?){1000}" + "/"}},
        "it repeats too much",
    ),
    ({"conditions": {"forward_path": "x" * 501}}, "1 to 500 characters"),
    ({"conditions": {"header": "Subject"}}, "a field name and a pattern"),
    ({"conditions": {"body": "x"}}, "at the stage body only"),
    ({"stage": "helo", "conditions": {"reverse_path": "x"}}, "no addresses yet"),
    ({"stage": "mail", "conditions": {"forward_path": "x"}}, "no recipient yet"),
    ({"limits": {"first": 0.5}}, "first is a number"),
    ({"limits": {"probability": 2}}, "probability"),
    ({"limits": {"probability": 0}}, "probability"),
    ({"limits": {"first": 0}}, "first is a number from 1"),
    ({"limits": {"per": "moon"}}, "per is one of"),
    ({"limits": {"from_time": "9:00", "until_time": "10:00"}}, "no time of day"),
    ({"limits": {"from_time": "09:00"}}, "a beginning and an end"),
    ({"max_hits": 0}, "max_hits"),
    ({"expires_in": 0}, "within a year"),
    ({"name": "x" * 81}, "up to 80 characters"),
]


@pytest.mark.parametrize(("fields", "words"), WRONG)
def test_a_fault_is_said(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        rulebook.add(ALL, "default", {"stage": "rcpt", "actions": BUSY, **fields})
    assert not Rule.objects.exists()


def test_all_rules_are_named_in_an_order() -> None:
    one = rule()
    with pytest.raises(Invalid, match="name each rule"):
        rulebook.put_in_order(ALL, "default", [one.pk, one.pk])


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
