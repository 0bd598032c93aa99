"""Which hosts a frame's policy names: hosts and nothing that says more."""

from __future__ import annotations

import pytest
from django.test import Client

from inbox.errors import Invalid
from inbox.mailbox import image_hosts
from inbox.models import Inbox
from tests.factories import recorded_message
from tests.mails import ORDER

pytestmark = pytest.mark.django_db
HTML = ORDER.replace(b"\r\n\r\n", b"\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>", 1)


def policy(client: Client, query: str = "") -> str:
    message = recorded_message(HTML)
    answer = client.get(f"/messages/{message.id}/frame{query}")
    return str(answer["Content-Security-Policy"])


def test_only_allowed_hosts_are_named(client: Client) -> None:
    assert "https:" not in policy(client)
    image_hosts.allow(Inbox.objects.get(), " CDN.shop.test ")
    image_hosts.allow(Inbox.objects.get(), "localhost:8080")
    named = policy(client)
    assert " https://cdn.shop.test:* http://cdn.shop.test:* " in named
    assert "http://localhost:8080" in named
    assert " https: http:;" in policy(client, "?images=all")
    assert "https://cdn" in policy(client, "?images=everything")


@pytest.mark.parametrize("place", ["?tab=html&", "/frame?", "/print?"])
def test_a_link_from_elsewhere_loads_no_images(client: Client, place: str) -> None:
    url = f"/messages/{recorded_message(HTML).id}{place}images=all"
    for site, expected in (
        ("none", True),
        ("same-origin", True),
        ("cross-site", False),
    ):
        answer = client.get(
            url,
            headers={
                "Sec-Fetch-Site": site,
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
        )
        seen = f"{answer.get('Content-Security-Policy')} {answer.content.decode()}"
        loads = " https: http:;" in seen or "frame?images=all" in seen
        assert loads == expected, site


@pytest.mark.parametrize(
    ("referer", "expected"),
    [("", False), ("http://testserver:3000/", False), ("http://testserver/", True)],
)
def test_by_plain_http_too_a_link_from_elsewhere_loads_no_images(
    client: Client, referer: str, expected: bool
) -> None:
    """A browser says there only where it comes from, and nothing if a mail led it here."""
    url = f"/messages/{recorded_message(HTML).id}/print?images=all"
    head = {"User-Agent": "Mozilla/5.0", "Referer": referer}
    policy = client.get(url, headers=head)["Content-Security-Policy"]
    assert (" https: http:;" in policy) is expected


@pytest.mark.parametrize(
    "host",
    ["", "*", "*.test", "a;script-src *", "a b", "https://a.test", "a.test/x", "'self'",
     "a.test:99999999", "-a.test", "a..test", "ä.test", "a\n.test", "x" * 260, "[::1]"],
)  # fmt: skip
def test_what_is_no_host_is_refused(client: Client, host: str) -> None:
    with pytest.raises(Invalid):
        image_hosts.allow(Inbox.objects.get(), host)
    message = recorded_message(HTML)
    answer = client.post(f"/messages/{message.id}/remote-hosts", {"host": host})
    assert answer.status_code == 422
    answer = client.post("/settings/remote-hosts", {"host": host})
    assert answer.status_code == 422


def test_settings_add_and_remove(client: Client) -> None:
    client.post("/settings/remote-hosts", {"host": "a.test"})
    assert "a.test" in client.get("/settings").content.decode()
    client.post("/settings/remote-hosts/remove", {"host": "a.test"})
    assert "a.test" not in client.get("/settings").content.decode()


def test_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_hosts, "MOST", 1)
    image_hosts.allow(Inbox.objects.get(), "a.test")
    with pytest.raises(Invalid, match="at most 1"):
        image_hosts.allow(Inbox.objects.get(), "b.test")
