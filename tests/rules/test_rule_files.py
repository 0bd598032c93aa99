"""Rules as files: written and read again exactly; what is wrong is named, and nothing half taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from inbox.errors import Invalid
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.rules import rule_files, rule_texts, rulebook, scenarios
from tests import factories

pytestmark = pytest.mark.django_db

RULES: list[dict[str, Any]] = [
    {"stage": "rcpt", "name": 'odd: "on" é', "conditions": {"forward_path": "/^a[0-9]+@/", "tls": False},
     "actions": {"code": 451, "enhanced": "", "text": ["- yes", "10:00"], "delay_ms": 5}, "max_hits": 3,
     "limits": {"first": 2, "per": "recipient", "probability": 0.00001, "seed": "1e5", "from_time": "10:00", "until_time": "11:00"}},
    {"stage": "helo", "actions": {"without": ["STARTTLS"], "size": 9}, "expires_in": 600, "is_on": False},
    {"stage": "body", "conditions": {"header": "X-A", "header_value": "null"}, "actions": {"close": "half", "reset": True, "tags": ["true", "~"]}},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _inbox() -> None:
    factories.inbox()


def stored() -> list[tuple[Any, ...]]:
    names = ("name", "stage", "is_on", "scenario", "conditions", "actions", "limits", "max_hits", "expires_at")  # fmt: skip
    return list(Rule.objects.order_by("position").values_list(*names))


def take(document: Any, instead: bool = False) -> None:
    octets = document if isinstance(document, bytes) else json.dumps(document).encode()
    rule_files.take(ALL, "default", octets, instead)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_is_written_is_read_again(form: rule_files.Format) -> None:
    rulebook.add_all(ALL, "default", RULES)
    scenarios.switch_on(ALL, "default", "maintenance")
    before, text = stored(), rule_files.export(ALL, "default", form)
    take(text.encode(), instead=True)
    assert stored() == before
    assert rule_files.export(ALL, "default", form) == text
    take(text.encode())
    assert stored() == before * 2


def entry(**more: Any) -> dict[str, Any]:
    rule = {"stage": "rcpt", "actions": {"code": 451}, **more}
    return {"mailsink_rules": 1, "rules": [rule]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (entry(actions={"code": 99}), "rule 1, actions.code: code is a number"),
        (entry(actions={"code": True}), "rule 1, actions.code: this is a number"),
        (entry(conditions={"forward_path": 5}), "rule 1, conditions.forward_path: this is a text"),
        (entry(conditions={"tls": "no"}), "conditions.tls: this is true or false"),
        (entry(actions={"text": "x"}), "actions.text: this is a list of texts"),
        (entry(conditions={"header": "A"}), "conditions.header_value"),
        (entry(conditions={"colour": "x"}), 'conditions.colour: there is no member "colour"'),
        (entry(conditions=[]), "conditions: this is a set of members"),
        (entry(limits={"seed": "a\0"}), "limits.seed: this is a text of one line"),
        (entry(stage="soon"), "rule 1"), (entry(hits=3), "rule 1, hits"), (entry(scenario="no such"), "scenario"),
        (entry(expires_at="9999-12-31T23:59:59Z"), "within a year"), (entry(expires_at="0001-01-01T00:00:00+14:00"), "within a year"),
        (entry(expires_at="soon"), "expires_at: this is a time"), (entry(actions={"inbox": "none"}), "rule 1"),
        (entry(name="x" * 99), "rule 1, name"), (entry(max_hits=0), "rule 1, max_hits"),
        ({"mailsink_rules": 1, "rules": ["x"]}, "rule 1: a rule is a set"),
        ({"mailsink_rules": 1, "rules": {}}, "rules is a list"), ({"mailsink_rules": 2}, "the file begins"),
        ({"mailsink_rules": 1, "rules": [], "x": 1}, 'no member "x"'), ([], "the file begins"), (b"", "the file begins"),
        (b"a: &x [1]\nb: *x", "no anchors"), (b"a: !!python/none x", "no tags"), (b"[" * 99, "nested too deeply"),
        (b"a: 1\na: 2", '"a" occurs twice'), (b'{"a": 1, "a": 2}', '"a" occurs twice'),
        (b'{"a": ' * 100_000, "nested too deeply"), (b'{"a": NaN}', "NaN is not a number"), (b"{", "this is not JSON"),
        (b"a: [", "this is not YAML"), (b"--- 1\n--- 2", "this is not YAML"), (b"\xff", "UTF-8"),
        (b"- 1\n" * 300_000, "too many members"), (b"#" * (rule_texts.MOST_OCTETS + 1), "at most 2 MiB"),
        (b'{"a": ' + b"9" * 5000 + b"}", "this is not JSON"),
        (b'{"\\ud800": 1}', "lone surrogate"), (b'{"a": ["\\udfff"]}', "lone surrogate"),
        (b'a: "\\ud800"', "this is not YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_named_and_nothing_is_taken(document: Any, words: str) -> None:
    rulebook.add_all(ALL, "default", RULES)
    if isinstance(document, dict) and isinstance(document.get("rules"), list):
        document = {**document, "rules": [*document["rules"], *entry()["rules"]]}
    before = stored()
    with pytest.raises(Invalid, match=None) as error:
        take(document, instead=True)
    assert words in str(error.value)
    assert stored() == before


def test_there_is_room_for_so_many() -> None:
    rulebook.add_all(ALL, "default", RULES)
    many = {"mailsink_rules": 1, "rules": entry()["rules"] * rulebook.MOST}
    with pytest.raises(Invalid):
        take(many)
    assert len(stored()) == len(RULES)


@pytest.mark.parametrize("expires_at", [None, "2001-01-01T00:00:00Z"])
def test_no_file_has_patterns_that_take_long_to_look_at(expires_at: str | None) -> None:
    """Those of expired rules do not count in an inbox, but in a file they do."""
    costly = [
        {
            "stage": "rcpt",
            "conditions": {"forward_path": f"/{'(a?){40}' * 8}x{number}/"},
            "actions": {"code": 451},
            "expires_at": expires_at,
        }
        for number in range(60)
    ]
    with pytest.raises(Invalid, match="all patterns of a file"):
        take({"mailsink_rules": 1, "rules": costly})
    assert stored() == []


def test_words_are_those_of_yaml_1_2() -> None:
    text = b"on: 10:00\nno: yes\nn: [1, 1.5, 0x1, 010, ~, true, 1e5, 2026-01-01]"
    assert rule_texts.read(text) == {
        "on": "10:00", "no": "yes", "n": [1, 1.5, "0x1", "010", None, True, "1e5", "2026-01-01"],
    }  # fmt: skip


def test_the_page(client: Client) -> None:
    rulebook.add_all(ALL, "default", RULES)
    for form in ("yaml", "json"):
        answer = client.get(f"/rules/rules.{form}")
        assert f"rules.{form}" in answer["Content-Disposition"]
        given = {"text": answer.content.decode(), "instead": ""}
        assert client.post("/rules/import", given).status_code == 302
        assert len(stored()) == len(RULES)
    answer = client.post("/rules/import", {"text": "a: ["})
    assert answer.status_code == 422
    assert ">a: [</textarea>" in answer.content.decode()
