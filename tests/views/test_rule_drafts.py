"""Rules begun from lines and from providers' replies; the page of these; rule: in searches."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.errors import NotFound
from inbox.mailbox import sessions
from inbox.mailbox.scope import ALL
from inbox.models import Exchange, Rule
from inbox.presenters import rule_drafts, rule_form
from inbox.providers.provider_replies import provider_replies, search
from inbox.rules import rulebook
from inbox.rules.rule_decisions import decision_of
from mailsink.ids import short_id
from tests import factories
from tests.factories import recorded_transaction

pytestmark = pytest.mark.django_db


def add(**fields: Any) -> Rule:
    return rulebook.add(ALL, "default", {"stage": "rcpt", "actions": {"code": 451}, **fields})  # fmt: skip


def draft_of(verb: str, line: str, **more: Any) -> dict[str, Any]:
    """Return what a draft of a line has, but for what is empty."""
    refused = recorded_transaction(b"x\r\n", "rejected", 550, "550 5.7.1 No")
    session = refused.session
    given = {"kind": "command", "octets": 9, "received_us": 9, **more}
    Exchange.objects.create(session=session, seq=90, verb=verb, line=line, **given)
    made = rule_drafts.of_line(ALL, short_id(session.pk, 90))
    rulebook.draft(rule_form.fields(made))  # can be saved as it is
    return {name: value for name, value in made.items() if value != ""}


@pytest.mark.parametrize(
    ("verb", "line", "more", "expected"),
    [
        ("RCPT", "RCPT TO:<a@b.test> NOTIFY=NEVER",
         {"code": 550, "enhanced": "5.1.1", "reply": "550-5.1.1 No\n550 5.1.1 such user (why: http://x/s/1)"},
         {"stage": "rcpt", "forward_path": "a@b.test", "code": 550, "enhanced": "5.1.1", "text": "No\nsuch user"}),
        ("MAIL", "MAIL FROM:<a@b.test> SIZE=9", {"code": 250, "reply": "250 Ok"}, {"stage": "mail", "reverse_path": "a@b.test", "code": 451}),
        ("EHLO", "EHLO h.test", {"code": 550, "reply": "550 No"}, {"stage": "helo", "helo": "h.test", "code": 550, "enhanced": "-", "text": "No"}),
        ("NOOP", "NOOP", {}, {"stage": "any", "verb": "NOOP", "code": 451}),
        ("RCPT", "RCPT TO:<" + "a" * 600 + "@b>", {}, {"stage": "rcpt", "code": 451}),
    ],
)  # fmt: skip
def test_a_rule_of_a_line(
    verb: str, line: str, more: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert draft_of(verb, line, **more) == expected


def test_a_line_that_no_rule_is_asked_at() -> None:
    with pytest.raises(NotFound):
        draft_of("", "", kind="notice")


def test_a_rule_of_each_reply_of_a_provider(client: Client) -> None:
    factories.inbox()
    for each in provider_replies():
        rule = rulebook.draft(rule_form.fields(rule_drafts.of_reply(each.id)))
        named = decision_of(rule, rule.stage).rule  # type: ignore[arg-type]
        # Two documents may have the same words.
        ids = [f"({same.id})" for same in provider_replies() if same.line == each.line]
        assert each.code < 400 or any(id in named for id in ids)
    assert client.get("/rules/new?reply=none").status_code == 404


def test_the_page_of_replies(client: Client) -> None:
    def found(q: str = "") -> list[str]:
        html = LexborHTMLParser(client.get("/rules/providers", {"q": q}).content.decode())  # fmt: skip
        return [each.attributes["id"] or "" for each in html.css("#entries-found li")]

    factories.inbox()
    assert len(found()) == 99
    assert found("GMAIL-25") == ["entry-gmail-25"]
    assert set(found("ses 454")) == {f"entry-{each.id}" for each in search("ses 454")}
    assert found("nothing of it") == []
    html = client.get("/rules/providers").content.decode()
    assert "scenario-gmail-bad-day" in html
    assert "scenario-greylisting" in html  # its reply is rspamd's
    assert "scenario-flapping" not in html


def test_the_transcript_names_what_a_rule_did() -> None:
    factories.inbox()
    one = add(name="x", stage="body", actions={"code": 451, "close": "half", "reset": True, "drip": 9})  # fmt: skip
    assert decision_of(one, "body").rule == f"#{one.pk} x (drip 9, close half, reset)"


@pytest.mark.parametrize(
    ("q", "rules"),
    [
        ("rule:#12", ["#12", "#12 slow", "#7 x, #12 slow", "#12, #7", "#7, #12, #8"]),
        ("rule:12", ["#12", "#12 slow", "#7 x, #12 slow", "#12, #7", "#7, #12, #8"]),
        ("rule:slow", ["#12 slow", "#7 x, #12 slow", "#121 slow"]),
        ("rule:gmail-25", ["#4 a (gmail-25)"]),
        ("rule:rcpt550", ["address rcpt550@b.test"]),
        ("rule:#99", []),
    ],
)  # fmt: skip
def test_rule_in_searches(q: str, rules: list[str]) -> None:
    known = ("", "#12", "#12 slow", "#7 x, #12 slow", "#12, #7", "#7, #12, #8", "#121 slow",
             "#3 room 12", "#4 a (gmail-25)", "address rcpt550@b.test")  # fmt: skip
    for rule in known:
        session = factories.session(helo=rule)
        Exchange.objects.create(session=session, seq=1, kind="command", octets=1, received_us=1, rule=rule)  # fmt: skip
    found = sessions.find(ALL, q=q)
    assert sorted(each.helo for each in found.items) == sorted(rules)


def test_a_rule_links_its_sessions(client: Client) -> None:
    factories.inbox()
    rule = add()
    Rule.objects.filter(pk=rule.pk).update(hits=3)
    html = LexborHTMLParser(client.get("/rules").content.decode())
    assert html.css_first(f'a[href="/sessions?q=rule%3A%23{rule.pk}"]')


def test_a_rule_is_put_before_another(client: Client) -> None:
    factories.inbox()
    a, b, c = (add(name=name).pk for name in "abc")

    def move(id: int, before: object, status: int = 200) -> list[int]:
        answer = client.post(f"/rules/{id}/move", {"before": before})
        assert answer.status_code == status
        return [each.pk for each in rulebook.find(ALL)]

    assert move(c, a) == [c, a, b]
    assert move(c, "") == [a, b, c]
    assert move(a, b) == move(a, a) == [a, b, c]
    rulebook.delete(ALL, b)
    assert move(c, b, 404) == [a, c]
    assert move(b, a, 404) == [a, c]


def test_all_rules_off_is_shown(client: Client) -> None:
    factories.inbox()
    client.post("/rules/switch")
    html = LexborHTMLParser(client.get("/rules").content.decode())
    banner = html.css_first(".rules form.banner")
    assert "none of them acts" in banner.text()
    assert banner.css_first("button[name=on]")
