"""Where is my mail? as its pages tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.insight.trace import trace
from inbox.mailbox import purge
from inbox.mailbox.scope import ALL
from inbox.models import Message, Recipient
from tests import factories

pytestmark = pytest.mark.django_db

ANN = "ann@example.com"


def get(
    client: Client, path: str = "/trace", status: int = 200, **query: str
) -> LexborHTMLParser:
    response = client.get(f"{path}?{urlencode(query)}")
    assert response.status_code == status
    return LexborHTMLParser(response.content.decode())


def words(page: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in page.css(selector)]


def links(page: LexborHTMLParser, selector: str) -> list[str]:
    return [node.attributes["href"] or "" for node in page.css(f"{selector} a")]


def test_the_page_asks_for_an_address(client: Client) -> None:
    page = get(client)
    assert page.css_first("form[action='/trace'] input[name=address]")
    assert not page.css(".sentence")


def test_the_words_are_those_of_the_service(client: Client) -> None:
    message = factories.message(recipients=[ANN])
    page = get(client, address=ANN)
    assert words(page, ".sentence") == [trace(ALL, ANN).sentence]
    assert links(page, ".answer") == [f"/messages/{message.pk}"]
    session = f"/sessions/{message.transaction.session_id}"
    assert links(page, ".evidence li") == [f"/messages/{message.pk}", session]
    assert words(page, ".chip") == ["accepted"]
    fragment = get(client, "/trace/answer", address=ANN)
    assert words(fragment, ".sentence") == [trace(ALL, ANN).sentence]
    assert not fragment.css("form")


def test_the_filter_is_kept_and_can_be_left(client: Client) -> None:
    factories.message(recipients=[ANN])
    page = get(client, address=ANN, q="subject:receipt")
    assert words(page, ".chip") == ["hidden by your filter"]
    assert page.css_first("main input[name=q]").attributes["value"] == "subject:receipt"
    assert "/" in links(page, ".answer")


def test_what_is_wrong_is_said(client: Client) -> None:
    page = get(client, address="x" * 1001, status=400)
    assert words(page, "main [role=alert]") == [
        "an address has at most 1,000 characters"
    ]
    page = get(client, address=ANN, q="code:x", status=400)
    [wrong] = words(page, "main [role=alert]")
    assert wrong.startswith('The filter code:x is not valid: Not a reply code: "x"')
    assert not page.css("main input[name=q]")
    page = get(client, address=ANN, inbox="no", status=400)
    assert words(page, "main [role=alert]") == ['there is no inbox "no"']


def test_what_is_gone_has_no_link(client: Client) -> None:
    factories.message(recipients=[ANN])
    purge.purge(Message.objects.all(), "count")
    Recipient.objects.all().delete()
    page = get(client, address=ANN)
    assert words(page, ".chip") == ["removed"]
    assert links(page, ".evidence li") == []


def test_near_addresses_lead_to_their_trace(client: Client) -> None:
    factories.transaction(
        recipients=["ann+x@example.com"], reverse_path="shop@shop.test"
    )
    page = get(client, address=ANN)
    assert links(page, ".near") == ["/trace?address=ann%2Bx%40example.com"]
    assert not links(page, ".answer")


def test_what_it_sent_is_told_and_leads_to_it(client: Client) -> None:
    factories.message(recipients=["bob@example.com"])  # from ann
    page = get(client, address=ANN)
    assert words(page, ".sentence") == [f"No mail to {ANN} has been seen."]
    assert words(page, ".more a") == ["All mail to this address", "Sent: 1 message"]
    assert "from%3Aann%40example.com" in links(page, ".more")[1]


def test_maybes_are_folded_under_the_answer(client: Client) -> None:
    factories.message(
        recipients=[ANN], received_at=datetime.now(UTC) - timedelta(hours=1)
    )
    factories.session(ending="timeout", last_verb="EHLO")
    page = get(client, address=ANN)
    assert words(page, "section .evidence .chip") == ["accepted"]
    assert words(page, "details .evidence .chip") == ["no recipient given"]
    assert not page.css(".maybe[open]")


def test_the_answer_in_short(client: Client) -> None:
    factories.message(b"\r\n", recipients=[ANN], reverse_path="shop@shop.test")
    factories.transaction(recipients=[ANN], code=552, reverse_path="shop@shop.test")
    [line] = words(get(client, "/trace/summary", q=f"to:{ANN}"), "p")
    assert line.startswith(
        f"Mail to {ANN}: 1 accepted, 1 rejected (552) · last just now"
    )
    page = get(client, "/trace/summary", q="example.com")
    assert "/trace?address=ann%40example.com" in links(page, "p")
    [line] = words(get(client, "/trace/summary", q="shop@"), "p")
    assert line.startswith("Mail to shop@shop.test: none")
    assert line.endswith("Sent: 1 message, 1 not accepted")
    [line] = words(get(client, "/trace/summary", q="zoe@example.com"), "p")
    assert line == "No mail to zoe@example.com has been seen"
    for q in ("invoice", "two words", "code:x", "subject:ann", "-ann", ""):
        assert not get(client, "/trace/summary", q=q).css("p"), q


def test_addresses_are_suggested(client: Client) -> None:
    factories.transaction(recipients=[ANN], reverse_path="")
    page = get(client, "/trace/suggest", part="exam")
    assert links(page, "li") == ["/trace?address=ann%40example.com"]
    for part in ("", "a", "\x00", "x" * 5000):
        assert not get(client, "/trace/suggest", part=part).css("li")


@pytest.mark.parametrize(
    ("query", "url"),
    [
        (ANN, "/trace?address=ann%40example.com"),
        (f"to:{ANN}", "/trace?address=ann%40example.com"),
        (
            f"is:unread to:{ANN}",
            "/trace?address=ann%40example.com&q=is%3Aunread+to%3Aann%40example.com",
        ),
        (f"from:{ANN}", "/trace?address=ann%40example.com"),
        ("ann@", "/trace?address=ann%40"),
        (f"-to:{ANN}", None),
        ("ann", "/trace?address=ann"),
        ("ann b", None),
        ("subject:ann", None),
        ("code:x", None),
        ("", None),
    ],
)
def test_a_search_for_an_address_offers_its_trace(
    client: Client, query: str, url: str | None
) -> None:
    response = client.get("/", {"q": query})
    page = LexborHTMLParser(response.content.decode())
    offered = [each.attributes["href"] for each in page.css("main .traced a")]
    assert [each for each in offered if each and each.startswith("/trace")] == (
        [url] if url else []
    )


@pytest.mark.parametrize(
    "address",
    ["<img src=x onerror=alert(1)>", "\u202eann@b", "a\x00b@c", "(" * 900, '"@b', "%"],
)
def test_hostile_addresses(client: Client, address: str) -> None:
    factories.transaction(recipients=[ANN, address.replace("\x00", "\\x00")])
    page = get(client, address=address)
    assert len(words(page, ".sentence")) == 1
    assert not page.css("img")
    get(client, "/trace/answer", address=address)
    get(client, "/trace/summary", q=address)
    get(client, "/trace/suggest", part=address)
    assert client.get("/", {"q": f"to:{address}"}).status_code in (200, 400)
