"""The index of rules: it finds what the conditions say, however many rules there are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from inbox.rules import matching
from inbox.rules.matching import Conditions, RuleIndex
from inbox.rules.message_conditions import MessageConditions, ReadMessage
from inbox.rules.pattern_index import PatternIndex
from inbox.rules.text_patterns import TextPattern
from mailsink.ports import Consult
from mailsink.smtp.protocol.events import Body
from tests.smtp.harness import SESSION

PATHS = [
    "ann@example.com", "ANN@example.COM", "a12@shop.test", "x-a12@shop.test", "bob+spam7@b.test",
    "straße@example.com", "STRASSE@example.com", "", "@", "a" * 300,
]  # fmt: skip
PATTERNS = [
    "ann@example.com", "*@example.com", "ann*", "*12@*", "*spam?@*", "/^a[0-9]+@/", "/spam/",
    "stra*e@example.com", "straße@*", "*", "?", "/^$/", "/a{300}/",
]  # fmt: skip


def rule(n: int, pattern: str, stage: str = "rcpt") -> Any:
    conditions = {"forward_path": pattern}
    return SimpleNamespace(pk=n, stage=stage, conditions=conditions)


def at(path: str) -> Consult:
    facts: dict[str, str | int] = {"forward_path": path, "verb": "RCPT"}
    return Consult("rcpt", SESSION, facts)


@pytest.mark.parametrize("path", PATHS)
def test_the_index_finds_what_the_conditions_say(path: str) -> None:
    others = [f"*other{n}*" for n in range(500)] + [f"/other{n}$/" for n in range(500)]
    rules = [rule(n, each) for n, each in enumerate([*PATTERNS, *others])]
    found = RuleIndex(rules).fitting(at(path))
    expected = [each for each in rules if Conditions.of(each).hold(at(path))]
    assert [each.rule for each in found] == expected


def test_rules_that_do_not_fit_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("user{}@a.test", "user{}*", "*{}@a.test", "/user{}@/", "*x{}x*")
    rules = [rule(n, kinds[n % 5].format(n)) for n in range(1000)]
    rules += [rule(n, "*", "mail") for n in range(1000, 2000)]
    index = RuleIndex(rules)
    tried = []
    hold = Conditions.hold

    def counted(self: Conditions, consult: Consult) -> bool:
        tried.append(self.rule)
        return hold(self, consult)

    monkeypatch.setattr(matching.Conditions, "hold", counted)
    assert index.fitting(at("someone@example.com")) == []
    assert tried == []
    assert index.fitting(at("user10@a.test"))
    assert len(tried) <= 3


def test_a_regular_expression_made_to_blow_up() -> None:
    index = RuleIndex(
        [rule(1, "/^(a+)+$/"), rule(2, "/(x+x+)+y/"), rule(3, "*a*a*a*a*b")]
    )
    assert index.fitting(at("a" * 500 + "!")) == []
    assert index.fitting(at("x" * 4000)) == []


def test_rules_of_any_stage_are_asked_at_each_in_order() -> None:
    rules = [rule(1, "*@b.test", "any"), rule(2, "*@b.test"), rule(3, "a@*", "any")]
    index = RuleIndex(rules)
    assert [each.rule.pk for each in index.fitting(at("a@b.test"))] == [1, 2, 3]
    elsewhere = Consult("vrfy", SESSION, {}, recipients=["a@b.test"])
    assert [each.rule.pk for each in index.fitting(elsewhere)] == [1, 3]
    for stage in ("connect", "body"):
        assert stage not in index.stages


def test_rules_of_any_stage_have_one_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve took as many times the memory."""
    made = []
    complete = PatternIndex.complete

    def noted(self: PatternIndex) -> None:
        made.append(self)
        complete(self)

    monkeypatch.setattr(PatternIndex, "complete", noted)
    RuleIndex([rule(n, f"*{n}@b.test", "any") for n in range(100)])
    assert len(made) == 1


def test_a_rule_that_cannot_be_read_does_not_act(
    caplog: pytest.LogCaptureFixture,
) -> None:
    index = RuleIndex([rule(1, "/(/"), rule(2, "*")])
    assert [each.rule.pk for each in index.fitting(at("a@b.test"))] == [2]
    assert "rule 1 cannot be read" in caplog.text


def test_patterns_too_large_for_a_set_are_tried_one_by_one() -> None:
    large = [f"/^[ab]{{{200 + n}}}$/" for n in range(3)] + ["?" * 40 + "*"]
    index = RuleIndex([rule(n, each) for n, each in enumerate(large)])
    assert all(not TextPattern(each).expression for each in large)
    assert [each.rule.pk for each in index.fitting(at("ab" * 100))] == [0, 3]
    assert [each.rule.pk for each in index.fitting(at("a" * 201))] == [1, 3]


def test_patterns_of_letters_that_are_others_in_lower_case() -> None:
    """RE2 has five steps for each of these: a set of so many could not be made."""
    rules = [
        rule(n, f"*@{'sk' * length}{n}") for length in (16, 85) for n in range(2000)
    ]
    index = RuleIndex(rules)
    found = index.fitting(at("a@" + "\u017f\u212a" * 16 + "7"))
    assert [each.rule.pk for each in found] == [7]


def test_what_is_looked_at_is_bounded() -> None:
    index = RuleIndex([rule(1, "*x")])
    assert index.fitting(at("a" * 511 + "x"))
    assert not index.fitting(at("a" * 512 + "x"))


NETWORKS = ["192.0.2.7", "192.0.2.0/24", "192.0.0.0/16", "0.0.0.0/0", "192.0.3.0/24", "::/0", "2001:db8::/32"]  # fmt: skip


@pytest.mark.parametrize("address", ["192.0.2.7", "192.0.3.1", "2001:db8::1", "", "x"])
def test_the_index_finds_networks(address: str) -> None:
    rules = [
        SimpleNamespace(pk=n, stage="connect", conditions={"client": each}, actions={})
        for n, each in enumerate(NETWORKS)
    ]
    consult = Consult("connect", SESSION, {"client_address": address})
    found = RuleIndex(rules).fitting(consult)
    expected = [each for each in rules if Conditions.of(each).hold(consult)]
    assert [each.rule for each in found] == expected


def test_rules_by_network_and_verb_are_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [{"client": f"10.{n}.0.0/16"} for n in range(200)]
    made += [{"verb": f"X{n}"} for n in range(200)]  # type: ignore[misc]
    rules = [
        SimpleNamespace(pk=n, stage="any", conditions=each, actions={})
        for n, each in enumerate(made)
    ]
    index = RuleIndex(rules)
    monkeypatch.setattr(matching.Conditions, "hold", lambda *_: pytest.fail("tried"))
    facts: dict[str, str | int] = {"client_address": "192.0.2.7", "verb": "NOOP"}
    assert index.fitting(Consult("any", SESSION, facts)) == []


MAIL = b"Subject: Your =?utf-8?q?Invoice?= 7\r\nX-N: 12\r\nX-N: 13\r\n\r\nPay now\r\n"
OF_MESSAGES: list[dict[str, str]] = [
    {"header": "subject", "header_value": "*invoice*"},
    {"header": "Subject", "header_value": "your invoice 7"},
    {"header": "X-N", "header_value": "13"},
    {"header": "X-N", "header_value": "/^1[34]$/"},
    {"header": "X-N", "header_value": "14"},
    {"body": "pay now"}, {"body": "/pay (now|later)/"}, {"body": "pay later"},
    {"header": "X-N", "header_value": "12", "body": "later"},
    {"header": "X-N", "header_value": "12", "forward_path": "b@*"},
    {"header": "X-N", "header_value": "12", "forward_path": "c@*"},
    {"body": "pay now", "reverse_path": "a@b.test"}, {"forward_path": "b@*"}, {},
    {"body": "/(pay){1,50}.{0,150}/"}, {"header": "X-N", "header_value": "?" * 40 + "*"},
]  # fmt: skip


def test_the_index_finds_what_is_in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [{"body": f"other{n} text"} for n in range(300)]
    others += [{"header": "X-N", "header_value": f"*a{n}*"} for n in range(300)]
    rules = [
        SimpleNamespace(pk=n, stage="body", conditions=each, actions={})
        for n, each in enumerate([*OF_MESSAGES, *others])
    ]
    body = Body(len(MAIL), "", True, MAIL)
    facts: dict[str, str | int] = {"reverse_path": "a@b.test", "size": len(MAIL)}
    consult = Consult("body", SESSION, facts, recipients=["b@b.test"], body=body)
    made = [Conditions.of(each) for each in rules]
    expected = [
        each.rule.pk
        for each in made
        if each.hold(consult) and (each.message is None or each.message.hold(body))
    ]
    tried = []
    hold = MessageConditions.hold_in

    def counted(self: MessageConditions, message: ReadMessage) -> bool:
        tried.append(self)
        return hold(self, message)

    monkeypatch.setattr(MessageConditions, "hold_in", counted)
    index = RuleIndex(rules)
    assert index.asks_about_message("body")
    found = index.of_message(index.fitting(consult), consult)
    assert [each.rule.pk for each in found] == expected == [0, 1, 2, 3, 5, 6, 9, 11, 12, 13, 14]  # fmt: skip
    assert len(tried) <= len(OF_MESSAGES)
