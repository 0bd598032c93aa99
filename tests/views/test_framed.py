"""How much of a mail's HTML its frame shows."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from mailsink.mime.reading import Reading
from tests.factories import recorded_message
from tests.mails import ORDER

pytestmark = pytest.mark.django_db


def of_html(text: bytes) -> bytes:
    return ORDER.replace(b"\r\n\r\n", b"\r\nContent-Type: text/html\r\n\r\n" + text, 1)


def opened(client: Client, url: str) -> tuple[str, str]:
    """Return a page, and what its frame shows."""
    page = client.get(url).content.decode()
    (frame,) = LexborHTMLParser(page).css("iframe")
    return page, client.get(frame.attributes["src"]).content.decode()


def test_long_html_is_shown_from_its_beginning_and_more_on_demand(
    client: Client,
) -> None:
    long = b"<p>words</p>\r\n" * 90_000 + b"<p>the end</p>"
    url = f"/messages/{recorded_message(of_html(long)).id}?tab=html&width=375"
    page, shown = opened(client, url)
    assert "This is the beginning: 1,048,576 of 1," in page
    assert "is not shown here" in shown
    assert "the end" not in shown
    (link,) = LexborHTMLParser(page).css("a[href*='more=yes']")
    more = link.attributes["href"]
    assert "width=375" in more
    page, shown = opened(client, more)
    assert "This is the beginning" not in page
    assert "the end" in shown


def test_short_html_is_shown_whole(client: Client) -> None:
    page, shown = opened(
        client, f"/messages/{recorded_message(of_html(b'<p>Hi')).id}?tab=html"
    )
    assert "more=yes" not in page
    assert "<p>Hi" in shown


def test_the_html_elsewhere_loads_the_images_that_are_loaded_here(
    client: Client,
) -> None:
    url = f"/messages/{recorded_message(of_html(b'<p>Hi</p>')).id}"
    for query, expected in (
        ("tab=html", ""),
        ("tab=html&images=all&more=yes", "?images=all&amp;more=yes"),
        ("tab=text&images=all", ""),
    ):
        page = client.get(f"{url}?{query}").content.decode()
        for path in ("frame", "print"):
            assert f'href="{url}/{path}{expected}"' in page, query


def test_html_on_paper_needs_no_text(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reading, "text", None)
    url = f"/messages/{recorded_message(of_html(b'<p>On paper</p>')).id}/print"
    assert "On paper" in client.get(url).content.decode()


def test_a_long_text_on_paper_says_that_it_is_cut(client: Client) -> None:
    for length, told in ((1_048_576, False), (1_048_577, True)):
        octets = b"Subject: long\r\n\r\n" + b"a" * length
        page = client.get(f"/messages/{recorded_message(octets).id}/print")
        words = re.sub(r"\s+", " ", page.content.decode())
        cut = "This is the beginning: 1,048,576 of 1,048,577 characters."
        assert (cut in words) is told
