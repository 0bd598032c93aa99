"""The rules of an inbox as they are stored: what is refused, and many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from inbox.errors import Invalid
from inbox.mailbox import inbox_removal, inboxes, label_inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Inbox, Rule, RuleCount
from inbox.policy import sorting_conditions
from inbox.policy.policy import InboxPolicy
from inbox.rules import rule_limits, rulebook
from inbox.storage import write_lock
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from tests import factories
from tests.rules.test_rules import BUSY, policy, rule

__all__ = ["policy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


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


def test_regular_expressions_are_bounded_together(policy: InboxPolicy) -> None:
    """Each of these takes a millisecond of the event loop; 2,000 of them stopped all mail."""
    costly = {"forward_path": f"/{'(a?){40}' * 8}x/"}
    made = [rule(conditions=costly) for _ in range(15)]
    plain = rule(conditions={"forward_path": "*"})
    for also in (costly, {"body": "a?" * 250}, {"body": f"/{'(a?){40}' * 8}x/"}):
        with pytest.raises(Invalid, match="20,000 steps at a character"):
            rule(conditions=also, stage="body")
    with pytest.raises(Invalid, match="20,000 steps"):
        rulebook.change(ALL, plain.pk, {"conditions": costly})
    rulebook.change(ALL, made[0].pk, {"conditions": {"forward_path": "*@example.com"}})
    rulebook.change(ALL, plain.pk, {"conditions": costly})
    assert len(rulebook.find(ALL)) == 16


@pytest.mark.parametrize(
    "costly",
    ["*a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r*s*", "*é?", "*" + "x" * 199, "*" + "s" * 50],
)
def test_wildcards_are_bounded_together(policy: InboxPolicy, costly: str) -> None:
    """A set of 2,000 of these took 0.4 s of the event loop for a recipient."""
    many = [
        {"stage": "rcpt", "actions": BUSY, "conditions": {"forward_path": costly}}
    ] * 201
    with pytest.raises(Invalid, match="20,000 steps at a character"):
        rulebook.add_all(ALL, "default", many)
    usual = [
        {
            "stage": "rcpt",
            "actions": BUSY,
            "conditions": {"forward_path": "*@example.com"},
        }
    ] * 2000
    assert len(rulebook.add_all(ALL, "default", usual)) == 2000


def made_by_labels(*labels: str) -> None:
    """The inbox shop, and those that its login made by labels."""
    inboxes.add(ALL, "shop", "Shop")
    for each in labels:
        label_inboxes.make("shop", each)


def test_inboxes_of_labels_share_the_number_of_rules(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manager makes a hundred: each process kept 11 KB for each of 2,000 rules in each."""
    monkeypatch.setattr(rulebook, "MOST_TOGETHER", 3)
    made_by_labels("a", "b")
    fields = {"stage": "rcpt", "actions": BUSY}
    for slug in ("shop", "shop-a", "shop-b"):
        rulebook.add(ALL, slug, fields)
    for slug in ("shop", "shop-b"):
        with pytest.raises(Invalid, match="its labels have made, has at most 3 rules"):
            rulebook.add(ALL, slug, fields)
    assert len(rulebook.add_all(ALL, "shop-a", [fields], instead=True)) == 1
    assert len(rulebook.add_all(ALL, "default", [fields] * 3)) == 3
    Rule.objects.filter(inbox__slug="shop-a").update(expires_at=rule_limits.now())
    rulebook.add(ALL, "shop-b", fields)
    assert not rulebook.find(ALL, "shop-a")


def test_inboxes_of_labels_share_the_steps_of_patterns(policy: InboxPolicy) -> None:
    made_by_labels("a", "b")
    costly = {
        "stage": "rcpt",
        "actions": BUSY,
        "conditions": {"forward_path": f"/{'(a?){40}' * 8}x/"},
    }
    rulebook.add_all(ALL, "shop", [costly] * 7)
    rulebook.add_all(ALL, "shop-a", [costly] * 8)
    plain = rulebook.add(ALL, "shop-b", {"stage": "rcpt", "actions": BUSY})
    with pytest.raises(Invalid, match="20,000 steps"):
        rulebook.add(ALL, "shop-b", costly)
    with pytest.raises(Invalid, match="20,000 steps"):
        rulebook.change(ALL, plain.pk, {"conditions": costly["conditions"]})
    rulebook.add_all(ALL, "shop-a", [costly] * 8, instead=True)
    rulebook.add_all(ALL, "default", [costly] * 15)


COSTLY = {"forward_path": f"/{'(a?){40}' * 8}x/"}  # 1,300 steps
PLAIN = {"stage": "rcpt", "actions": BUSY}


def store(slug: str, number: int, **fields: Any) -> list[Rule]:
    """Write rules as an earlier version did, whose limits were others."""
    inbox, now = Inbox.objects.get(slug=slug), rule_limits.now()
    given = {**PLAIN, "created_at": now, "changed_at": now, **fields}
    return Rule.objects.bulk_create(
        Rule(inbox=inbox, position=each, **given) for each in range(number)
    )


def test_patterns_beyond_the_limit_may_take_as_much_as_before(
    policy: InboxPolicy,
) -> None:
    made_by_labels("a", "b")
    first, second, *_ = store("shop", 17, conditions=COSTLY)
    plain, expired = store("shop-a", 2)
    Rule.objects.filter(pk=expired.pk).update(
        expires_at=rule_limits.now(), conditions=COSTLY
    )
    store("shop-b", 2, conditions=COSTLY, scenario="mine")
    same = {**PLAIN, "conditions": COSTLY, "scenario": "mine"}
    rulebook.change(ALL, first.pk, {**PLAIN, "name": "x", "conditions": COSTLY})
    rulebook.change(ALL, first.pk, {"expires_in": 600})
    rulebook.change(ALL, expired.pk, {"conditions": {"forward_path": "/b*c/"}})
    assert len(rulebook.put_scenario(ALL, "shop-b", [same] * 2, "mine")) == 2
    assert len(rulebook.add_all(ALL, "shop-b", [same], instead=True)) == 1
    rulebook.change(ALL, second.pk, {"conditions": {"forward_path": "/b*c/"}})
    rulebook.add(ALL, "shop", PLAIN)
    for id, fields in (
        (plain.pk, {"conditions": COSTLY}),
        (second.pk, {"conditions": COSTLY}),
        (expired.pk, {"expires_in": None}),
    ):
        with pytest.raises(Invalid, match="20,000 steps"):
            rulebook.change(ALL, id, fields)
    with pytest.raises(Invalid, match="20,000 steps"):
        rulebook.put_scenario(ALL, "shop-b", [same] * 2, "mine")
    with pytest.raises(Invalid, match="20,000 steps"):
        rulebook.add_all(ALL, "shop-b", [same] * 2, instead=True)


def test_rules_beyond_their_number_may_be_replaced_by_as_many(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "MOST", 2)
    monkeypatch.setattr(rulebook, "MOST_TOGETHER", 3)
    made_by_labels("a", "b")
    store("shop", 3)
    store("shop-a", 1, scenario="mine")
    for most, slug, number in (("3", "shop-a", 2), ("2", "shop", 4)):
        with pytest.raises(Invalid, match=f"at most {most} rules"):
            rulebook.add_all(ALL, slug, [PLAIN] * number, instead=True)
    mine = {**PLAIN, "scenario": "mine"}
    assert len(rulebook.put_scenario(ALL, "shop-a", [mine], "mine")) == 1
    assert len(rulebook.add_all(ALL, "shop", [PLAIN] * 3, instead=True)) == 3
    Rule.objects.filter(scenario="mine").update(expires_at=rule_limits.now())
    assert len(rulebook.add_all(ALL, "shop-a", [mine], scenario="mine")) == 1
    with pytest.raises(Invalid, match="at most 3 rules"):
        rulebook.add(ALL, "shop-b", PLAIN)


def test_as_many_expired_rules_go_as_others_need() -> None:
    factories.inbox()
    now = rule_limits.now()
    store("default", rulebook.MOST, expires_at=now)
    made = rulebook.add_all(ALL, "default", [PLAIN] * 150)
    found = rulebook.find(ALL, "default")
    assert len(found) == rulebook.MOST
    assert found[-150:] == made


def test_a_refused_replacement_leaves_the_counts_of_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rulebook, "MOST", 1)
    factories.inbox()
    (one,) = rulebook.add_all(ALL, "default", [PLAIN])
    RuleCount.objects.create(rule=one, key="x", count=1, since=rule_limits.now())
    with pytest.raises(Invalid, match="at most 1 rules"):
        rulebook.add_all(ALL, "default", [PLAIN] * 2, instead=True)
    assert RuleCount.objects.get().rule_id == one.pk


@pytest.mark.parametrize("slug", ["shop-a", "shop-c"])
@pytest.mark.parametrize("act", ["add", "change", "many"])
def test_limits_hold_for_what_others_change_meanwhile(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch, slug: str, act: str
) -> None:
    """Two requests at once to two labels, of which one may be new, both passed."""
    made_by_labels("a", "b")
    (plain,) = store("shop-b", 1)
    costly = {**PLAIN, "conditions": COSTLY}
    with ThreadPoolExecutor(1) as thread:
        with write_turn():
            if act == "change":
                going = thread.submit(rulebook.change, ALL, plain.pk, costly)
            else:
                going = thread.submit(rulebook.add, ALL, "shop-b", costly)
            while not write_lock._turns._waiting:
                assert not going.done()
            parent = Inbox.objects.get(slug="shop")
            Inbox.objects.get_or_create(slug=slug, defaults={"parent": parent})
            if act == "many":
                monkeypatch.setattr(rulebook, "MOST_TOGETHER", 3)
                store(slug, 2)
            else:
                store(slug, 15, conditions=COSTLY)
        words = "at most 3 rules" if act == "many" else "20,000 steps"
        with pytest.raises(Invalid, match=words):
            going.result()
        thread.submit(lambda: connection.close()).result()


def test_the_rules_of_an_inbox_that_stays_as_a_link_go(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They counted for its family, out of everybody's reach, and go a turn at a time."""
    monkeypatch.setattr(rulebook, "MOST_TOGETHER", 3)
    made_by_labels("a")
    label_inboxes.make("shop-a", "b")
    first, _second = store("shop-a", 2)
    (kept,) = store("shop-a-b", 1)
    now = rule_limits.now()
    RuleCount.objects.bulk_create(
        RuleCount(rule=each, key=str(key), count=1, since=now)
        for each in (first, kept)
        for key in range(ROWS_IN_A_TURN + 1)
    )
    inbox_removal.delete_row(Inbox.objects.get(slug="shop-a"), "")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    Inbox.objects.filter(slug="shop-a").update(deleted_at=long_ago)
    with pytest.raises(Invalid, match="at most 3 rules"):
        rulebook.add(ALL, "shop-a-b", PLAIN)
    assert [inbox_removal.purge(hours=1) for _ in range(4)] == [ROWS_IN_A_TURN, 1, 2, 0]
    assert Inbox.objects.filter(slug="shop-a").exists()
    assert list(Rule.objects.all()) == [kept]
    assert RuleCount.objects.count() == ROWS_IN_A_TURN + 1
    rulebook.add(ALL, "shop-a-b", PLAIN)


def test_an_extension_is_kept_once(policy: InboxPolicy) -> None:
    """A list of 200,000 was kept as it came, in memory too."""
    made = rule("helo", {"without": ["size", "SIZE"] * 100_000})
    assert made.actions == {"without": ["SIZE"]}


def test_rules_go_without_holding_up_mail() -> None:
    """Clients may have made thousands of counts: no turn at writing takes all of them."""
    factories.inbox()
    fields = {"stage": "rcpt", "actions": BUSY, "scenario": "mine"}
    later = rule_limits.now()

    def add() -> None:
        for each in rulebook.add_all(ALL, "default", [fields] * 2):
            RuleCount.objects.bulk_create(
                RuleCount(rule_id=each.pk, key=str(key), count=1, since=later)
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


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its processes take turns")
def test_a_rule_goes_while_another_process_counts_for_it() -> None:
    """Its count came behind the look for counts, and was one of no rule: 500."""
    factories.inbox()
    fields = {"stage": "rcpt", "actions": BUSY, "limits": {"rate": 1, "seconds": 90}}
    (made,) = rulebook.add_all(ALL, "default", [fields])
    other = connection.copy()
    with ThreadPoolExecutor(1) as thread, closing(other):
        with transaction_of(other) as cursor:
            cursor.execute("SELECT FROM inbox_rule WHERE id = %s FOR UPDATE", [made.pk])
            cursor.execute(
                "INSERT INTO inbox_rulecount (rule_id, key, count, since) "
                "VALUES (%s, 'x', 1, now())",
                [made.pk],
            )
            going = thread.submit(rulebook.delete, ALL, made.pk)
            while not waits_for_a_lock(cursor):
                assert not going.done()
        going.result()
        thread.submit(lambda: connection.close()).result()
    assert not rulebook.find(ALL)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its processes take turns")
def test_rules_come_while_another_process_changes_the_inbox(
    policy: InboxPolicy,
) -> None:
    """Each waited for the other, and one of the two requests got 500."""
    made_by_labels("a")
    shop, label = (Inbox.objects.get(slug=slug) for slug in ("shop", "shop-a"))
    put = sorting_conditions.replacement(label, {"users": ["ann"]})
    other = connection.copy()
    with ThreadPoolExecutor(1) as thread, closing(other):
        with transaction_of(other) as cursor:
            row = "SELECT FROM inbox_inbox WHERE id = %s FOR"
            cursor.execute(f"{row} NO KEY UPDATE", [shop.pk])
            going = thread.submit(inboxes.update, ALL, "shop-a", conditions=put)
            while not waits_for_a_lock(cursor):
                assert not going.done()
            # As a new rule refers to it
            cursor.execute(f"{row} KEY SHARE NOWAIT", [label.pk])
        assert going.result().conditions["users"] == ["ann"]
        thread.submit(lambda: connection.close()).result()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its processes take turns")
def test_a_login_waits_for_no_change_of_the_inbox_of_its_label(
    policy: InboxPolicy,
) -> None:
    made_by_labels("a")
    other = connection.copy()
    with ThreadPoolExecutor(1) as thread, closing(other):
        with transaction_of(other) as cursor:
            cursor.execute(
                "SELECT FROM inbox_inbox WHERE slug = 'shop-a' FOR NO KEY UPDATE"
            )
            going = thread.submit(label_inboxes.make, "shop", "a")
            waited = False
            while not going.done() and not waited:
                waited = waits_for_a_lock(cursor)
        assert not waited
        going.result()
        thread.submit(lambda: connection.close()).result()


def test_a_rule_comes_though_the_first_of_the_family_is_purged_meanwhile(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = inboxes.add(ALL, "shop", "Shop")
    family = label_inboxes.family
    monkeypatch.setattr(
        label_inboxes, "family", lambda inbox: [inbox.pk + 1000, *family(inbox)]
    )
    rulebook.add(ALL, "shop", PLAIN)
    assert [each.inbox_id for each in rulebook.find(ALL, "shop")] == [inbox.pk]


@contextmanager
def transaction_of(other: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
    """Yield a cursor of a connection, within a transaction of its own."""
    other.set_autocommit(False)
    with other.cursor() as cursor:
        yield cursor
    other.commit()
    other.set_autocommit(True)


def waits_for_a_lock(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    return bool(cursor.fetchone()[0])


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


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"actions": {}}, "a rule needs an action"),
    ({"actions": {"code": 199}}, "code is a number"),
    ({"actions": {"code": 470}}, "470 is not a reply code"),
    (
        {"actions": {"code": 550, "enhanced": "4.1.1"}},
        "begin with the same digit as the code",
    ),
    ({"actions": {"code": 550, "enhanced": "5.x"}}, "is not a valid enhanced code"),
    ({"actions": {"text": ["x"]}}, "a reply needs a code"),
    ({"actions": {"code": 550, "text": ["a\r\n250 ok"]}}, "a reply has at most"),
    ({"actions": {"code": 550, "text": ["é"]}}, "in ASCII"),
    ({"actions": {"delay_ms": 300_001}}, "delay_ms is a number"),
    ({"actions": {"reset": True}}, "say when"),
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
    ({"actions": {"inbox": "a b"}}, "is not a valid slug of an inbox"),
    ({"actions": {"discard": True, "code": 550}}, "refused or discarded"),
    ({"stage": "soon"}, "stage is one of"),
    ({"conditions": {"client": "x"}}, "not an address or a network"),
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
    (
        {"limits": {"from_time": "9:00", "until_time": "10:00"}},
        "not a valid time of day",
    ),
    ({"limits": {"from_time": "09:00"}}, "a beginning and an end"),
    ({"max_hits": 0}, "max_hits"),
    ({"expires_in": 0}, "within a year"),
    ({"name": "x" * 81}, "1 to 80 characters"),
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
