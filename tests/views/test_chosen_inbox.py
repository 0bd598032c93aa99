"""Settings and rules of an inbox that is chosen, and who may do so."""

from __future__ import annotations

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.mailbox import image_hosts, inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.rules import rulebook
from mailsink.ids import short_id
from tests import factories, people

pytestmark = pytest.mark.django_db

RULE = {"stage": "rcpt", "code": "451", "name": "Busy"}


@pytest.fixture(autouse=True)
def _inboxes() -> None:
    factories.inbox()
    inboxes.add(ALL, "shop", "The Shop")


def page(client: Client, path: str) -> LexborHTMLParser:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()
    return LexborHTMLParser(answer.content.decode())


def offered(html: LexborHTMLParser) -> dict[str, bool]:
    """Return the inboxes that may be chosen, each with whether it is."""
    return {
        str(each.attributes["value"]): "selected" in each.attributes
        for each in html.css("select[name=inbox] option")
    }


def actions(html: LexborHTMLParser, within: str) -> list[str]:
    """Return where the forms and links of a part lead."""
    names = ("action", "formaction", "hx-post", "href")
    found = html.css(f"{within} form, {within} button, {within} a")
    return [
        str(value)
        for each in found
        for name in names
        if (value := each.attributes.get(name)) and value.startswith("/")
    ]


@pytest.mark.parametrize(
    "path", ["/settings", "/rules", "/rules/new", "/rules/try", "/import"]
)
def test_there_is_a_choice_where_there_are_several(client: Client, path: str) -> None:
    assert offered(page(client, path)) == {"default": True, "shop": False}
    assert offered(page(client, f"{path}?inbox=shop")) == {
        "default": False,
        "shop": True,
    }
    inboxes.by_slug(ALL, "shop").delete()
    assert offered(page(client, path)) == {}


@pytest.mark.parametrize(
    "path",
    ["/settings", "/rules", "/rules/new", "/rules/try", "/rules/import", "/rules/providers",
     "/rules/rules.yaml"],
)  # fmt: skip
def test_one_that_is_not_there(client: Client, path: str) -> None:
    assert client.get(f"{path}?inbox=nothing").status_code == 404


@pytest.mark.parametrize(
    ("path", "within"), [("/settings", "#settings"), ("/rules", ".rules")]
)
def test_all_that_the_page_leads_to_is_of_the_inbox(
    client: Client, path: str, within: str
) -> None:
    image_hosts.allow(inboxes.by_slug(ALL, "shop"), "cdn.example.com")
    rulebook.add(ALL, "shop", {"stage": "rcpt", "actions": {"code": 451}})
    found = actions(page(client, f"{path}?inbox=shop"), within)
    of_a_rule = [
        each for each in found if each.startswith("/rules/") and each[7].isdigit()
    ]
    others = [
        each for each in found if each not in of_a_rule and "/sessions" not in each
    ]
    assert others
    elsewhere = ("/settings/starttls",)
    assert [
        each for each in others if "inbox=shop" not in each and each not in elsewhere
    ] == []


def test_settings_are_saved_there(client: Client) -> None:
    answer = client.post("/settings/change?inbox=shop", {"paused": "on", "quota": "5M"})
    assert (
        answer.headers["Location"] == "/settings?inbox=shop&saved=receiving#receiving"
    )
    client.post("/settings/strict?inbox=shop", {"strict": "error", "ignored": ""})
    client.post("/settings/addresses?inbox=shop", {"address": "ann@example.com"})
    client.post("/settings/remote-hosts?inbox=shop", {"host": "cdn.example.com"})
    shop, usual = (inboxes.by_slug(ALL, each) for each in ("shop", "default"))
    assert (shop.paused, shop.quota_octets, shop.strict) == (True, 5 << 20, "error")
    assert [each["address"] for each in shop.addresses] == ["ann@example.com"]
    assert image_hosts.allowed(shop.pk) == ["cdn.example.com"]
    assert (usual.paused, usual.quota_octets, usual.strict) == (False, 0, "server")
    assert (usual.addresses, image_hosts.allowed(usual.pk)) == ([], [])
    client.post("/settings/addresses/remove?inbox=shop", {"address": "ann@example.com"})
    client.post("/settings/remote-hosts/remove?inbox=shop", {"host": "cdn.example.com"})
    shop = inboxes.by_slug(ALL, "shop")
    assert (shop.addresses, image_hosts.allowed(shop.pk)) == ([], [])


def test_what_was_typed_stays_with_its_inbox(client: Client) -> None:
    answer = client.post("/settings/change?inbox=shop", {"quota": "much"})
    html = LexborHTMLParser(answer.content.decode())
    assert answer.status_code == 422
    assert offered(html)["shop"]


def test_the_banner_ends_every_pause(client: Client) -> None:
    inboxes.update(ALL, "shop", paused=True)
    client.post("/settings/resume")
    assert not inboxes.by_slug(ALL, "shop").paused


def test_a_rule_is_made_for_an_inbox(client: Client) -> None:
    answer = client.post("/rules/new", RULE | {"inbox": "shop"})
    rule = Rule.objects.get()
    assert rule.inbox.slug == "shop"
    assert answer.headers["Location"] == f"/rules?inbox=shop#rule-{rule.pk}"
    assert not page(client, "/rules").css("[data-testid=rule]")
    (row,) = page(client, "/rules?inbox=shop").css("[data-testid=rule]")
    assert "shop" in row.text()
    assert "The Shop" in page(client, f"/rules/{rule.pk}").css("main")[0].text()


def test_rules_are_changed_and_go_where_they_are(client: Client) -> None:
    first, second = (
        rulebook.add(ALL, "shop", {"stage": "rcpt", "actions": {"code": 451}}).pk
        for _ in range(2)
    )
    answer = client.post(f"/rules/{second}/move", {"before": first})
    assert answer.content.decode().count('data-testid="rule"') == 2
    assert [each.pk for each in rulebook.find(ALL, "shop")] == [second, first]
    for path in (f"/rules/{second}/switch", f"/rules/{second}/move"):
        answer = client.post(path, {"down": ""})
        assert answer.headers["Location"] == f"/rules?inbox=shop#rule-{second}"
    assert (
        client.post(f"/rules/{first}/remove").headers["Location"] == "/rules?inbox=shop"
    )


def test_scenarios_speed_and_files_are_of_the_inbox(client: Client) -> None:
    client.post("/rules/scenarios/greylisting?inbox=shop", {"on": "", "speed": "60"})
    found = rulebook.find(ALL)
    assert {each.inbox.slug for each in found} == {"shop"}
    assert (
        client.get("/rules/scenarios/greylisting/report?inbox=shop").status_code == 200
    )
    client.post("/rules/speed?inbox=shop", {"speed": "1000"})
    client.post("/rules/switch?inbox=shop")
    assert not inboxes.by_slug(ALL, "shop").rules_on
    assert inboxes.by_slug(ALL, "default").rules_on
    text = client.get("/rules/rules.yaml?inbox=shop").content.decode()
    taken = client.post("/rules/import?inbox=shop", {"text": text, "instead": "on"})
    assert taken.headers["Location"] == "/rules?inbox=shop"
    assert {each.inbox.slug for each in rulebook.find(ALL)} == {"shop"}


def test_a_dry_run_asks_the_rules_of_the_inbox(client: Client) -> None:
    rulebook.add(ALL, "shop", {"stage": "rcpt", "actions": {"code": 451}})
    asked = "/rules/try?of=ann@example.com"
    assert "451" in page(client, f"{asked}&inbox=shop").css("main")[0].text()
    assert "451" not in page(client, asked).css("main")[0].text()


def test_a_rule_of_a_line_is_for_the_inbox_of_its_session(client: Client) -> None:
    session = people.mail_in("shop").transaction.session
    given = {"kind": "command", "octets": 9, "received_us": 9}
    line = "RCPT TO:<ann@example.com>"
    session.exchange_set.create(seq=90, verb="RCPT", line=line, **given)
    html = page(client, f"/rules/new?line={short_id(session.pk, 90)}")
    assert offered(html)["shop"]


def test_who_is_not_in_the_default_inbox_sees_the_own_one() -> None:
    people.administrator()
    manager = people.signed_in(people.user("ann", shop="manager"))
    for path in ("/settings", "/rules", "/nothing-arriving"):
        html = page(manager, path)
        assert offered(html) == {}, "there is one"
    assert manager.post("/settings/change", {"paused": "on"}).status_code == 302
    assert inboxes.by_slug(ALL, "shop").paused
    assert not inboxes.by_slug(ALL, "default").paused
    assert manager.get("/settings?inbox=default").status_code == 404
    assert manager.post("/settings/change?inbox=default").status_code == 404
    assert manager.post("/rules/new?inbox=default", RULE).status_code == 404


def test_a_role_counts_in_its_inbox_alone() -> None:
    people.administrator()
    ann = people.signed_in(people.user("ann", shop="manager", default="viewer"))
    assert offered(page(ann, "/settings")) == {"default": True, "shop": False}
    assert "Managers of the inbox" in page(ann, "/settings").css("main")[0].text()
    assert "Managers of" not in page(ann, "/settings?inbox=shop").css("main")[0].text()
    assert (
        ann.post("/settings/change?inbox=default", {"paused": "on"}).status_code == 404
    )
    assert ann.post("/settings/change?inbox=shop", {"paused": "on"}).status_code == 302
    assert ann.post("/rules/new", RULE | {"inbox": "default"}).status_code == 404
    assert ann.post("/rules/new", RULE | {"inbox": "shop"}).status_code == 302
    inboxes.update(ALL, "default", paused=True)
    ann.post("/settings/resume")
    assert inboxes.by_slug(ALL, "default").paused, "where ann is no manager"
