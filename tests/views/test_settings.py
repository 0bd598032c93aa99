"""The page of settings, used as a browser without JavaScript does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.explain import KIND_WORDS
from inbox.explain.address_kinds import ADDRESS_KINDS
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Inbox
from tests import factories
from tests.mailbox.test_known_addresses import given

pytestmark = pytest.mark.django_db

ANN = given("ann@example.com", name="Ann Smith")
STAFF = given("staff@example.com", "list", "ann@example.com", "bob@example.com")


@pytest.fixture(autouse=True)
def inbox() -> Inbox:
    return factories.inbox()


def page(client: Client, path: str = "/settings") -> LexborHTMLParser:
    answer = client.get(path)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.content.decode())


def post(client: Client, path: str, status: int = 302, **fields: str) -> Any:
    answer = client.post(f"/settings/{path}", fields)
    assert answer.status_code == status, answer.content.decode()
    return LexborHTMLParser(answer.content.decode())


def told(inbox: Inbox) -> dict[str, Any]:
    inbox.refresh_from_db()
    names = ("known_only", "paused", "quota_octets", "address_words")
    return {name: getattr(inbox, name) for name in names}


def alert(html: LexborHTMLParser) -> str:
    (found,) = html.css("#settings [role=alert]")
    return found.text(strip=True)


def value(html: LexborHTMLParser, name: str) -> str | None:
    (found,) = html.css(f"[name={name}]:not(.actions *)")
    return found.attributes.get("value")


def rows(html: LexborHTMLParser) -> list[list[str]]:
    return [
        [cell.text(separator=" ", strip=True) for cell in row.css("th, td")[:4]]
        for row in html.css(".addresses tbody tr")
    ]


def test_every_kind_has_words() -> None:
    assert tuple(KIND_WORDS) == ADDRESS_KINDS


def test_settings_are_saved(client: Client, inbox: Inbox) -> None:
    post(client, "change", known_only="on", quota="2M")
    assert told(inbox) == {
        "known_only": True,
        "paused": False,
        "quota_octets": 2 << 20,
        "address_words": False,
    }
    html = page(client, "/settings?saved=receiving")
    assert value(html, "quota") == "2M"
    assert "checked" in html.css_first("[name=known_only]").attributes
    assert "checked" not in html.css_first("[name=paused]").attributes
    assert html.css_first("#receiving [role=status]").text(strip=True) == "Saved"
    assert "checked" not in html.css_first("[name=address_words]").attributes
    post(client, "change", paused="on", quota="", address_words="on")
    assert told(inbox) == {
        "known_only": False,
        "paused": True,
        "quota_octets": 0,
        "address_words": True,
    }
    assert value(page(client), "quota") == ""


@pytest.mark.parametrize(
    ("octets", "typed"),
    [(0, ""), (1023, "1023"), (1024, "1K"), (3 << 30, "3G"), (1536 << 10, "1536K")],
)
def test_a_quota_is_shown_as_it_is_typed(
    client: Client, octets: int, typed: str
) -> None:
    inboxes.update(ALL, "default", quota_octets=octets)
    assert value(page(client), "quota") == typed


@pytest.mark.parametrize("quota", ["much", "-1", "1.5M", "9" * 30, "9" * 12 + "G", "M"])
def test_a_bad_quota_is_given_back(client: Client, inbox: Inbox, quota: str) -> None:
    html = post(client, "change", 422, quota=quota, paused="on")
    assert alert(html).startswith("The quota is a number of bytes")
    assert value(html, "quota") == quota
    assert "checked" in html.css_first("[name=paused]").attributes
    assert told(inbox)["paused"] is False


def test_addresses_are_added_changed_and_removed(client: Client, inbox: Inbox) -> None:
    assert rows(page(client)) == []
    post(client, "addresses", address="ann@example.com", name="Ann", kind="mailbox")
    post(
        client,
        "addresses",
        address="staff@example.com",
        kind="list",
        target='ann@example.com, bob@example.com\r\n"a, b"@example.com;',
    )
    assert rows(page(client)) == [
        ["ann@example.com", "Ann", "mailbox", ""],
        [
            "staff@example.com",
            "",
            "list",
            'ann@example.com bob@example.com "a, b"@example.com',
        ],
    ]
    html = page(client, "/settings?edit=ann@example.com")
    assert value(html, "address") == value(html, "instead_of") == "ann@example.com"
    assert len(html.css("form.address")) == 1
    post(
        client,
        "addresses",
        instead_of="ann@example.com",
        address="anna@example.com",
        name="Anna",
        kind="mailbox",
    )
    assert [row[:2] for row in rows(page(client))] == [
        ["anna@example.com", "Anna"],
        ["staff@example.com", ""],
    ]
    for _ in range(2):  # the second is no matter
        post(client, "addresses/remove", address="staff@example.com")
    inbox.refresh_from_db()
    assert inbox.addresses == [given("anna@example.com", name="Anna")]


def test_a_bad_address_is_given_back(client: Client, inbox: Inbox) -> None:
    html = post(client, "addresses", 422, address="ann@", name="Ann", kind="moved")
    assert alert(html).startswith('"ann@" is not an address')
    assert (value(html, "address"), value(html, "name")) == ("ann@", "Ann")
    (kind,) = html.css("[name=kind] option[selected]")
    assert kind.attributes["value"] == "moved"
    inbox.refresh_from_db()
    assert inbox.addresses == []


def test_a_bad_change_of_an_address_is_given_back_in_its_row(client: Client) -> None:
    inboxes.update(ALL, "default", addresses=[ANN, STAFF])
    fields = {"instead_of": "ann@example.com", "address": "staff@example.com"}
    html = post(client, "addresses", 422, **fields, kind="robot")
    assert "the kind is one of" in alert(html)
    html = post(client, "addresses", 422, **fields)
    assert alert(html) == "staff@example.com is given twice"
    (row,) = html.css("tr.editing")
    assert row.css_first("[name=address]").attributes["value"] == "staff@example.com"
    fields["instead_of"] = "gone@example.com"
    html = post(client, "addresses", 422, **fields)
    assert alert(html) == 'the address "gone@example.com" is not a known address'
    assert html.css("tr.editing") == []


def test_what_is_given_cannot_become_markup(client: Client) -> None:
    html = post(client, "addresses", 422, address='"><script>', target="</textarea><b>")
    assert value(html, "address") == '"><script>'
    assert html.css_first("#addresses textarea").text() == "</textarea><b>"


def test_an_address_that_is_gone_is_not_edited(client: Client) -> None:
    assert len(page(client, "/settings?edit=x@example.com").css("form.address")) == 1
    assert (
        page(client).css_first("nav a[aria-current]").attributes["href"] == "/settings"
    )


def test_other_methods(client: Client) -> None:
    assert client.post("/settings").status_code == 405
    for path in ("change", "addresses", "addresses/remove"):
        assert client.get(f"/settings/{path}").status_code == 405


@pytest.mark.parametrize(
    "target",
    ["a@example.com," * 101, "a" * 40_000, '"\\' * 27_000, '"\\\n' * 700_000],
    ids=["too many", "too long", "quotations", "quotations over lines"],
)
def test_too_many_targets_are_refused_at_once(client: Client, target: str) -> None:
    html = post(
        client, "addresses", 422, address="l@a.test", kind="list", target=target
    )
    assert "at most 100 are allowed" in alert(html)


def test_strict_mode_is_saved(client: Client, inbox: Inbox) -> None:
    post(client, "strict", strict="error", ignored="local_link, clipped")
    inbox.refresh_from_db()
    assert (inbox.strict, inbox.strict_ignored) == ("error", ["clipped", "local_link"])
    html = page(client, "/settings?saved=strict")
    assert value(html, "ignored") == "clipped, local_link"
    (chosen,) = html.css("#strict-mode [selected]")
    assert chosen.attributes["value"] == "error"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strict": "error", "ignored": "local"}, 'there is no error "local"'),
        ({"strict": "on"}, "Strict mode is one of the modes"),
    ],
)
def test_a_bad_strict_mode_is_explained(
    client: Client, inbox: Inbox, given: dict[str, str], words: str
) -> None:
    html = post(client, "strict", 422, **given)
    assert words in alert(html)
    inbox.refresh_from_db()
    assert inbox.strict == "server"
