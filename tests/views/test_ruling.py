"""The page Rules: the list in sentences, and the form of a rule."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.presenters import rule_form, rule_links, rule_rows
from inbox.rules import rule_fields, rule_sentences, rulebook
from inbox.rules.field_table import BEGINNINGS, STAGE_WORDS, TABLE
from tests import factories
from tests.factories import recorded_transaction

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Fail twice", "stage": "rcpt", "forward_path": "audit@*", "tls": "no", "code": "451",
    "enhanced": "4.7.1", "text": "Try\r\nlater", "delay_ms": "500", "first": "2", "per": "recipient",
    "probability": "50%", "minutes": "10", "max_hits": "7",
}  # fmt: skip


def page(client: Client, path: str = "/rules", status: int = 200) -> LexborHTMLParser:
    answer = client.get(path)
    assert answer.status_code == status
    return LexborHTMLParser(answer.content.decode())


def add(**fields: Any) -> Rule:
    given = {"stage": "rcpt", "actions": {"code": 550}, **fields}
    return rulebook.add(ALL, "default", given)


def sentences(client: Client) -> list[str]:
    return [each.text(strip=True) for each in page(client).css(".what p:first-of-type")]


def test_without_rules(client: Client) -> None:
    factories.inbox()
    assert "rcpt550@example.com" in page(client).css_first("#rule-list").text()


def test_a_rule_is_added_and_changed(client: Client) -> None:
    factories.inbox()
    assert client.post("/rules/new", FORM).status_code == 302
    (rule,) = Rule.objects.all()
    assert rule.conditions == {"forward_path": "audit@*", "tls": False}
    assert rule.actions == {
        "code": 451, "enhanced": "4.7.1", "text": ["Try", "later"], "delay_ms": 500,
    }  # fmt: skip
    assert rule.limits == {"first": 2, "per": "recipient", "probability": 0.5}
    assert (rule.max_hits, rule.expires_at is not None) == (7, True)
    html = page(client, f"/rules/{rule.pk}")
    for name in ("forward_path", "code", "first"):
        assert html.css_first(f"[name={name}]").attributes["value"] == FORM[name]
    assert html.css_first("[name=text]").text() == "Try\nlater"
    again = rule_form.given(rule) | {"minutes": "0", "probability": "", "enhanced": "-"}
    assert client.post(f"/rules/{rule.pk}", again).status_code == 302
    rule.refresh_from_db()
    assert rule.expires_at is None
    assert rule.actions["enhanced"] == ""
    assert rule.limits == {"first": 2, "per": "recipient"}


def test_every_value_of_a_rule_survives_its_form() -> None:
    factories.inbox()
    one = add(
        stage="body",
        name="All",
        conditions={"header": "Subject", "header_value": "*x*", "size_over": 9, "tls": True,
                    "client": "10.0.0.0/8", "transaction": 2, "reverse_path": "/x/"},
        actions={"code": 552, "enhanced": "", "text": ["a", "b"], "drip": 9, "close": "half",
                 "reset": True, "keep": 4, "garble": True, "tags": ["a", "b"]},
        limits={"every": 2, "rate": 3, "seconds": 9, "lasts": 5, "per": "triplet", "seed": "s",
                "probability": 0.25, "from_time": "09:00", "until_time": "10:00"},
        max_hits=3,
    )  # fmt: skip
    typed = {name: str(value or "") for name, value in rule_form.given(one).items()}
    again = rulebook.change(ALL, one.pk, rule_form.fields(typed))
    for name in ("stage", "name", "conditions", "actions", "limits", "max_hits"):
        assert getattr(again, name) == getattr(one, name), name


def test_a_fault_is_said_and_the_input_kept(client: Client) -> None:
    factories.inbox()
    wrong = [
        ({"code": "99"}, "code", "code is a number"), ({"code": "x"}, "code", "not a whole number"),
        ({"probability": "1e9"}, "probability", "a probability"),
        ({"header": "Subject"}, "header_value", "a field name and a pattern"),
        ({"stage": "mail"}, "forward_path", "no recipient yet"), ({"max_hits": "0"}, "max_hits", "above 0"),
        ({"code": "", "text": "", "enhanced": "", "delay_ms": ""}, "", "a rule needs an action"),
    ]  # fmt: skip
    for changes, at, words in wrong:
        answer = client.post("/rules/new", FORM | changes)
        assert answer.status_code == 422
        html = LexborHTMLParser(answer.content.decode())
        assert (
            words
            in html.css_first(f"#wrong-{at}" if at else ".fields [role=alert]").text()
        )
        if at:
            field = html.css_first(f"#rule-{at}")
            assert field.attributes["aria-invalid"] == "true"
            assert f"wrong-{at}" in (field.attributes["aria-describedby"] or "").split()
        assert html.css_first("[name=forward_path]").attributes["value"] == "audit@*"
    assert not Rule.objects.exists()


def test_a_form_from_a_link(client: Client) -> None:
    html = page(client, "/rules/new?stage=mail&forward_path=ann@b.test")
    assert html.css_first("option[value=mail][selected]")
    value = html.css_first("[name=forward_path]").attributes["value"]
    assert value == "ann@b.test"


SENTENCES: list[tuple[dict[str, Any], str]] = [
    (
        {"conditions": {"forward_path": "audit@*", "tls": True}, "actions": {"code": 451, "delay_ms": 500},
         "limits": {"first": 2, "per": "recipient"}},
        "When *RCPT* matches *audit@** and the session is in *TLS*, reply *451 4.3.0 Local error, try again later* "
        "after *500 ms*, the first *2* times for each *recipient*.",
    ),
    (
        {"stage": "any", "conditions": {"verb": "NOOP"}, "actions": {"stall": True}},
        "When *NOOP* comes, *never reply*.",
    ),
    (
        {"stage": "helo", "actions": {"without": ["DSN", "SIZE"], "delay_ms": 5}, "max_hits": 3},
        "When *EHLO* comes, wait *5 ms*, do not offer *DSN, SIZE*, at most *3* times in all.",
    ),
    (
        {"stage": "body", "conditions": {"header": "X-A", "header_value": "b"},
         "actions": {"close": "before", "reset": True}, "limits": {"first": 1, "probability": 0.5}},
        "When *the message* ends and the field *X-A* matches *b*, *close* the connection in place of the reply, "
        "by *RST*, the *first* time, in *50 %* of the cases.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), SENTENCES)
def test_sentences(fields: dict[str, Any], words: str) -> None:
    factories.inbox()
    parts = rule_sentences.sentence(add(**fields))
    assert "".join(f"*{text}*" if strong else text for text, strong in parts) == words


def test_an_inbox_is_named_where_there_are_several() -> None:
    factories.inbox()
    parts = rule_sentences.sentence(add(), "shop")
    assert rule_sentences.plain(parts).startswith("When RCPT comes in shop, reply 550")


def test_every_member_has_its_line_in_the_table() -> None:
    for group, rows in TABLE.items():
        names = [each.name for each in rows]
        assert sorted(names) == sorted(rule_fields.members(group))
        for each in rows:
            assert not each.phrases or set(each.phrases) <= set(each.words)


def test_every_stage_has_its_words() -> None:
    assert list(STAGE_WORDS) == list(BEGINNINGS) == list(rule_fields.STAGES)


def test_the_form_says_its_sentence(client: Client) -> None:
    answer = client.post("/rules/preview", FORM)
    assert "<b>audit@*</b>" in answer.content.decode()
    answer = client.post("/rules/preview", FORM | {"enhanced": "5.7.1"})
    assert "Enhanced code: the enhanced code must begin" in answer.content.decode()


def test_fields_know_their_stages(client: Client) -> None:
    html = page(client, "/rules/new")
    field = html.css_first("#rule-header").parent
    assert field is not None
    assert field.attributes["data-stages"] == "body"


def test_rules_are_switched_moved_and_removed(client: Client) -> None:
    factories.inbox()
    first, second = (add(name=name).pk for name in "ab")
    client.post(f"/rules/{first}/switch")
    assert page(client).css_first(f"#rule-{first} .chip").text() == "Off"
    client.post(f"/rules/{first}/switch", {"on": ""})
    assert page(client).css_first(f"#rule-{first} .chip") is None
    client.post(f"/rules/{first}/move", {"down": ""})
    assert [each.pk for each in rulebook.find(ALL)] == [second, first]
    client.post(f"/rules/{first}/move")
    assert [each.pk for each in rulebook.find(ALL)] == [first, second]
    client.post(f"/rules/{first}/remove")
    assert [each.pk for each in rulebook.find(ALL)] == [second]
    for path in (f"/rules/{first}", "/rules/x", f"/rules/{10**30}"):
        page(client, path, 404)


def test_one_switch_for_all(client: Client) -> None:
    factories.inbox()
    add()
    client.post("/rules/switch")
    assert inboxes.by_slug(ALL, "default").rules_on is False
    assert "switched off" in page(client).css_first(".rules .banner").text()
    client.post("/rules/switch", {"on": ""})
    assert page(client).css_first(".rules .banner") is None


def test_hits_lead_to_their_lines(client: Client) -> None:
    factories.inbox()
    session = factories.session()
    hit = [str(session.pk), 4, "2026-11-29T10:00:00+00:00"]
    Rule.objects.filter(pk=add().pk).update(hits=1, last_hits=[hit])
    html = page(client)
    assert "acted once" in html.css_first(".what").text()
    assert html.css_first(".what a").attributes["href"] == rule_rows.row(
        Rule.objects.get()
    ).last[0].url  # fmt: skip


def test_what_a_transcript_names_is_linked() -> None:
    def urls(rule: str) -> list[str]:
        return [each.url for each in rule_links.links(rule)]

    assert urls("#12, #7 slow") == ["/rules/12", "/rules/7"]
    assert urls("#12") == ["/rules/12"]
    assert urls("pause of inbox default") == ["/settings"]
    assert urls("address rcpt550@b.test") == ["/settings"]
    assert urls("") == []


def test_a_transcript_leads_to_its_rule(client: Client) -> None:
    refused = recorded_transaction(b"x\r\n", "rejected", 550, "550 5.7.1 No")
    session = refused.session
    exchange = session.exchange_set.filter(code=550).first()
    assert exchange is not None
    session.exchange_set.filter(seq=exchange.seq).update(rule="#12 grey")
    html = page(client, f"/sessions/{session.pk}?exchange={exchange.seq}")
    links = [
        each.attributes["href"] for each in html.css("a") if each.text() == "Rule 12"
    ]
    assert links == ["/rules/12"] * 2  # at the line, and in the panel about it


def test_a_scenario_is_switched_on_and_off(client: Client) -> None:
    factories.inbox()
    for _ in range(2):
        client.post("/rules/scenarios/full-mailbox", {"on": ""})
    assert len(rulebook.find(ALL)) == 2
    assert page(client).css_first("#scenario-full-mailbox .chip").text() == "On"
    client.post("/rules/scenarios/full-mailbox")
    assert rulebook.find(ALL) == []
    assert client.post("/rules/scenarios/none").status_code == 404


def test_the_speed_of_a_scenario(client: Client) -> None:
    factories.inbox()
    client.post("/rules/scenarios/greylisting", {"on": "", "speed": "60"})
    (rule,) = rulebook.find(ALL)
    assert rule.limits["speed"] == 60
    chip = page(client).css_first("#scenario-greylisting .chip").text()
    assert chip == "On, at speed \N{MULTIPLICATION SIGN}60"
    client.post("/rules/speed", {"speed": "1000"})
    assert rulebook.find(ALL)[0].limits["speed"] == 1000
    assert "at 1000 times the speed" in page(client).css_first("#rule-list").text()


@pytest.mark.parametrize("speed", ["0", "2000", "fast", "9" * 30])
def test_a_speed_that_is_none(client: Client, speed: str) -> None:
    factories.inbox()
    for path in ("/rules/speed", "/rules/scenarios/greylisting"):
        answer = client.post(path, {"on": "", "speed": speed})
        assert answer.status_code == 422
        html = LexborHTMLParser(answer.content.decode())
        assert html.css_first("#speed-wrong").text()
    assert rulebook.find(ALL) == []
