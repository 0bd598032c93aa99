"""The inbox's pages, rendered from rows as the recorder leaves them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.mailbox import trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.views.inbox import FIRST
from tests.factories import recorded_message, recorded_transaction
from tests.mails import ORDER

pytestmark = pytest.mark.django_db


def rows(client: Client, path: str = "/") -> list[str]:
    """Return the words of each row, as the page has them."""
    page = LexborHTMLParser(client.get(path).content.decode())
    for node in page.css("[hidden]"):
        node.decompose()
    for node in page.css(".choose"):
        node.decompose()
    return [" ".join(row.text().split()) for row in page.css("#entries li.row")]


def test_index_lists_messages_and_what_was_not_accepted_newest_first(
    client: Client,
) -> None:
    recorded_message()
    recorded_transaction()
    recorded_transaction(None, "reset", 250)
    recorded_transaction(ORDER[:90], "abandoned", None, complete=False)
    recorded_message(recipients=(("ann@example.com", 250), ("bob@example.com", 550)))
    found = rows(client)
    assert [re.split(r":\d\d:\d\d ", row)[-1] for row in found] == [
        "Your order 1 of 2 rejected",
        "Your order Disconnected mid-message",
        "No message sent Reset by the client",
        "Your order Message rejected: message too large (552)",
        "Your order",
    ]
    assert found[-1].startswith("unread Shop to ann@example.com")


def test_index_escapes_what_senders_write(client: Client) -> None:
    recorded_message(ORDER.replace(b"Your order", b"<script>alert(1)</script>"))
    page = client.get("/").content
    assert b"<script>alert" not in page
    assert b"&lt;script&gt;alert" in page


def test_index_pages_by_links_without_scripts(client: Client) -> None:
    for _ in range(FIRST + 1):
        recorded_message()
    page = client.get("/").content.decode()
    cursor = page.split('href="/?show=all&amp;cursor=')[1].split('"')[0]
    assert len(rows(client)) == FIRST
    assert len(rows(client, f"/?cursor={cursor}")) == 1


def test_index_searches(client: Client) -> None:
    recorded_message()
    recorded_message(ORDER.replace(b"Your order", b"Your invoice"))
    assert len(rows(client, "/?q=subject:invoice")) == 1


def test_index_says_what_is_wrong_with_a_query(client: Client) -> None:
    response = client.get("/?q=is:nonsense")
    assert response.status_code == 400
    assert b"Unknown value &quot;is:nonsense&quot;" in response.content


def test_entries_are_what_api_v3_says(client: Client) -> None:
    message, refused = recorded_message(), recorded_transaction()
    found = client.get("/entries").json()
    assert [each["id"] for each in found["items"]] == [str(refused.id), str(message.id)]
    assert found["items"][0]["outcome"] == "rejected"
    assert found["items"][1]["subject"] == "Your order"
    assert (found["next"], found["total"]) == (None, 2)


def test_entries_go_on_by_cursor(client: Client) -> None:
    for _ in range(3):
        recorded_message()
    first = client.get("/entries?limit=2").json()
    second = client.get(f"/entries?limit=2&cursor={first['next']}").json()
    assert first["total"] == 3
    assert second["total"] is None
    assert [len(first["items"]), len(second["items"])] == [2, 1]


@pytest.mark.parametrize("query", ["cursor=x", "limit=many", "q=is:nonsense"])
def test_entries_name_what_is_wrong(client: Client, query: str) -> None:
    response = client.get(f"/entries?{query}")
    assert response.status_code == 400
    assert response.json()["detail"]


def test_trash_lists_what_was_deleted_and_restores_it(client: Client) -> None:
    message = recorded_message()
    trash.delete(ALL, Selection((message.id,)))
    assert b"Your order" in client.get("/trash").content
    assert client.get("/").content.count(b"Your order") == 0
    client.post(f"/messages/{message.id}/restore")
    assert b"The trash is empty" in client.get("/trash").content
    assert len(rows(client)) == 1


def test_trash_names_a_bad_cursor(client: Client) -> None:
    answer = client.get("/trash?cursor=x")
    assert answer.status_code == 400
    assert "not a cursor" in answer.content.decode()
