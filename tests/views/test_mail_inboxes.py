"""The pages of inboxes: list, settings, credentials, and what is typed wrongly."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Inbox, SmtpCredential
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Inbox:
    return inboxes.add(ALL, "shop", "Shop <1>")


def page(client: Client, path: str) -> str:
    return html.unescape(client.get(path).content.decode())


def post(client: Client, path: str, status: int = 302, **typed: Any) -> str:
    answer = client.post(path, typed)
    assert answer.status_code == status, answer.content
    return html.unescape(answer.content.decode())


def test_an_inbox_is_made_and_listed(client: Client) -> None:
    assert "side-inboxes" not in page(client, "/")
    post(client, "/inboxes", slug="shop", name="")
    assert "side-inboxes" in page(client, "/")
    shown = client.get("/?q=inbox:shop").content.decode()
    assert re.search(r'q=inbox%3Ashop"\s+title="shop"\s+aria-current="page"', shown)
    wrong = post(client, "/inboxes", 422, slug="shop", name="Again")
    assert 'there is already an inbox "shop"' in wrong
    assert 'value="Again"' in wrong


def test_limits_are_saved_as_they_are_typed(client: Client, shop: Inbox) -> None:
    typed = {"name": "Shop", "messages": "100", "days": "", "octets": "5M"}
    post(client, "/inboxes/shop/change", **typed, quota="1G", label_days="0")
    shop.refresh_from_db()
    assert (shop.retention_count, shop.retention_days) == (100, None)
    assert (shop.retention_octets, shop.quota_octets) == (5 << 20, 1 << 30)
    assert (shop.name, shop.label_days) == ("Shop", 0)
    for changes in ({"messages": "-1"}, {"octets": "much"}, {"name": ""}):
        post(client, "/inboxes/shop/change", 422, **typed | changes)
    for member in ("days", "messages", "label_days"):
        for number in (f"{'0' * 12}{'9' * 30}", "9" * 4400):
            answer = post(
                client, "/inboxes/shop/change", 422, **typed | {member: number}
            )
            assert "whole numbers from 0 on" in answer
    shop.refresh_from_db()
    assert shop.retention_count == 100


def test_conditions_beyond_the_limits_can_become_fewer(
    client: Client, shop: Inbox
) -> None:
    names = [f"{n}@a.test" for n in range(102)]
    Inbox.objects.filter(pk=shop.pk).update(conditions={"recipients": names})
    path = "/inboxes/shop/conditions"
    post(client, path, recipients="\r\n".join(names[:101]))
    post(client, path, 422, recipients="\r\n".join(names))


def test_conditions_are_a_pattern_per_line(client: Client, shop: Inbox) -> None:
    post(client, "/inboxes/shop/conditions", recipients="*@a.test\r\n\r\n*@b.test ")
    shop.refresh_from_db()
    assert shop.conditions["recipients"] == ["*@a.test", "*@b.test"]
    assert shop.conditions["header"] is False
    wrong = post(client, "/inboxes/shop/conditions", 422, networks="10.0.0.0/99")
    assert "10.0.0.0/99" in wrong
    assert 'role="alert"' in wrong


def test_a_password_is_shown_once(client: Client, shop: Inbox) -> None:
    shown = post(client, "/inboxes/shop/credentials", 201, username="shop@a.test")
    (password,) = set(re.findall(r"<code>([0-9a-f]{32})</code>", shown))
    assert password not in page(client, "/inboxes/shop")
    path = "/inboxes/shop/credentials/shop@a.test"
    turned = post(client, f"{path}/rotate", 201, overlap="24")
    assert password not in turned
    assert "The old password is valid until" in page(client, "/inboxes/shop")
    post(client, f"{path}/rotate", 422, overlap="9999")
    post(client, f"{path}/revoke")
    assert not SmtpCredential.objects.exists()
    post(client, "/inboxes/shop/credentials", 422, username="a+b")


def test_deleting_takes_the_slug(client: Client, shop: Inbox) -> None:
    message = factories.message(inbox=shop)
    wrong = post(client, "/inboxes/shop/delete", 422, typed="Shop")
    assert "Type shop to delete the inbox." in wrong
    post(client, "/inboxes/shop/delete", typed="shop")
    assert client.get("/inboxes/shop").status_code == 404
    assert client.get(f"/messages/{message.pk}").status_code == 404
    assert f"/inboxes/deleted/{shop.pk}/restore" in page(client, "/inboxes")
    post(client, f"/inboxes/deleted/{shop.pk}/restore")
    assert client.get(f"/messages/{message.pk}").status_code == 200
    post(client, "/inboxes/default/delete", 422, typed="default")
