"""The trash: what it tells, what comes back, what goes for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.mailbox import selection, trash
from inbox.mailbox.scope import ALL
from inbox.models import Message, Raw, Tombstone
from tests.factories import recorded_message
from tests.mails import ORDER, rich

_PNG = b"\x89PNG\r\n\x1a\n"

pytestmark = pytest.mark.django_db


def deleted(*ids: object, by: str = "10.0.3.7", hours: float = 0) -> None:
    trash.delete(ALL, selection.by_ids([str(each) for each in ids]), by)
    at = datetime.now(UTC) - timedelta(hours=hours)
    Message.objects.filter(pk__in=ids).update(deleted_at=at)


def rows(client: Client, query: str = "") -> list[str]:
    html = Html(client.get("/trash", {"q": query}).content.decode())
    return [" ".join(row.text().split()) for row in html.css("tbody tr")]


def test_who_and_when_and_how_long_is_left(client: Client) -> None:
    deleted(recorded_message().id)
    deleted(
        recorded_message(ORDER.replace(b"Your order", b"Invoice")).id, by="", hours=23.5
    )
    invoice, order = rows(client)
    assert "by 10.0.3.7" in order
    assert "24 hours left" in order
    assert "by" not in invoice
    assert "29 minutes left" in invoice or "30 minutes left" in invoice


def test_found_restored_and_removed_for_good(client: Client) -> None:
    orders = [recorded_message().id for _ in range(3)]
    invoice = recorded_message(ORDER.replace(b"Your order", b"Invoice")).id
    alive = recorded_message()
    deleted(*orders, invoice)
    assert len(rows(client)) == 4
    assert len(rows(client, "subject:invoice")) == 1
    answer = client.post("/trash/restore", {"id": [orders[0], orders[1]]})
    assert answer["Location"] == "/trash"
    assert len(rows(client)) == 2
    answer = client.post("/trash/restore", {"all": "yes", "q": "subject:order"})
    assert answer["Location"] == "/trash?q=subject%3Aorder"
    assert len(rows(client)) == 1
    client.post("/trash/empty", {"q": "subject:order"})
    assert len(rows(client)) == 1
    client.post("/trash/empty")
    assert rows(client) == []
    assert b"The trash is empty" in client.get("/trash").content
    left = set(Message.objects.values_list("pk", flat=True))
    assert left == {*orders, alive.id}
    # Its body is gone, and what stays says where it went.
    assert Raw.objects.count() == 4
    assert Tombstone.objects.get().cause == "deleted"


def test_wrong_is_said(client: Client) -> None:
    assert b"Unknown filter" in client.get("/trash?q=frm:x").content
    assert client.get("/trash?q=frm:x").status_code == 400
    recorded_message()
    for query in ("OR order", "order OR"):  # not: deleted, or of an order
        answer = client.get("/trash", {"q": query})
        assert answer.status_code == 400
        assert b"OR needs a term on each side" in answer.content
    assert client.post("/trash/empty", {"q": "frm:x"}).status_code == 422
    assert client.post("/trash/restore", {}).status_code == 422
    deleted(recorded_message().id)
    for no_time in ("noon", "0001-01-01T00:00:00+12:00", "9999-12-31T23:00:00-12:00"):
        assert client.post("/trash/restore", {"at": no_time}).status_code == 422
    assert b"Nothing in the trash matches" in client.get("/trash?q=none").content


def test_a_deleted_message_can_be_read(client: Client) -> None:
    message = recorded_message(ORDER)
    assert client.get(f"/trash/{message.id}").status_code == 404
    deleted(message.id)
    assert f'href="/trash/{message.id}"' in client.get("/trash").content.decode()
    page = client.get(f"/trash/{message.id}")
    assert "Your order" in page.content.decode()
    assert f'action="/messages/{message.id}/restore"' in page.content.decode()
    assert "Thank you!" in page.content.decode()
    assert client.get(f"/messages/{message.id}").status_code == 404
    trash.empty(ALL)
    assert client.get(f"/trash/{message.id}").status_code == 404


def test_images_of_a_deleted_message_come_within_it(client: Client) -> None:
    message = recorded_message(rich("Pictured", '<img src="cid:logo">', _PNG))
    deleted(message.id)
    frame = f"/trash/{message.id}/frame"
    assert f'src="{frame}"' in client.get(f"/trash/{message.id}").content.decode()
    shown = client.get(frame)
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert 'src="data:image/png;base64,' in shown.content.decode()
    assert f"/messages/{message.id}" not in shown.content.decode()
