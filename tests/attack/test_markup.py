"""Markup out of a mail that no browser may render: it is plain text, or a file to save."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.test import Client

from inbox.mailbox.scope import ALL
from inbox.presenters import inline_parts, message_page
from tests import factories

pytestmark = pytest.mark.django_db

HINT = b"<link xmlns='http://www.w3.org/1999/xhtml' rel='preconnect' href='http://x.test/'/>"
KINDS = (
    "text/html", "TEXT/HTML", "text/html; charset=utf-16", "application/xhtml+xml",
    "image/svg+xml", "text/xml", "application/xml", "application/rss+xml",
    "text/xsl", "multipart/related", "message/rfc822", "message/rfc822; name=a.html",
    "application/octet-stream; name=a.svg", "application/octet-stream; name=a.html",
    "application/x; name=a.xhtml", "text/html\x0b", "x", "",
)  # fmt: skip


def mail() -> bytes:
    head = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    bodies = (HINT, b64encode(HINT))
    parts = [
        b"--b\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n"
        % (kind.encode(), encoding, body)
        for kind in KINDS
        for encoding, body in zip((b"8bit", b"base64"), bodies, strict=True)
    ]
    return head + b"".join(parts) + b"--b--\r\n"


def paths(client: Client) -> list[str]:
    """Return the GET routes of the API that are for one message."""
    document = client.get("/api/v3/openapi.json").json()
    return [
        path
        for path, methods in document["paths"].items()
        if "get" in methods and path.startswith(("/api/v3/messages/{id}", "/api/v3/tr"))
    ]


def test_the_api_gives_a_browser_no_markup_to_render(client: Client) -> None:
    message = factories.message(mail())
    ids = {"/messages/": message.pk, "/transactions/": message.transaction_id}
    routes = paths(client)
    assert len(routes) > 15
    shown = set()
    for route in routes:
        start = route.partition("{id}")[0].removeprefix("/api/v3")
        found = route.replace("{id}", str(ids.get(start, message.pk)))
        found = found.replace("{other}", str(message.pk)).replace("{f}", "0")
        for n in range(2 * len(KINDS) + 1 if "{n}" in route else 1):
            answer = client.get(found.replace("{n}", str(n)))
            kind = answer["Content-Type"].partition(";")[0]
            if "attachment" in answer.get("Content-Disposition", ""):
                continue
            assert kind in (
                "application/json",
                "application/problem+json",
                "text/plain",
                "image/png",  # a picture of it
            )
            shown.add(route)
            if kind == "text/plain":
                assert answer["X-Content-Type-Options"] == "nosniff"
    assert "/api/v3/messages/{id}/html" in shown


def test_a_signed_address_shows_pictures_only(client: Client) -> None:
    message = factories.message(mail())
    page = message_page.of_message(ALL, message.pk)
    for part in page.parsed.parts:
        answer = client.get(inline_parts.url(page, part.index))
        assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain")
