"""What a message's page reads out of its fields and parts."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from tests.views.mail import a_message

pytestmark = pytest.mark.django_db

PANE = {"HX-Request": "true", "HX-Target": "detail"}


def words(client: Client, octets: bytes, tab: str = "") -> str:
    """Return the words of a message's page."""
    path = f"/messages/{a_message(octets).id}{tab}"
    page = client.get(path, headers=PANE).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_empty_group_is_named_as_the_recipient(client: Client) -> None:
    octets = b"From: a@b.test\r\nTo: Hidden from you:;\r\nCc: all:;\r\n\r\nx"
    page = words(client, octets)
    assert "To Hidden from you" in page
    assert "Cc all" in page


def test_nobody_is_none(client: Client) -> None:
    assert "To (none)" in words(client, b"From: a@b.test\r\nTo: (nobody)\r\n\r\nx")


def test_links_of_the_text_open_apart_and_leave_it_unchanged(client: Client) -> None:
    said = "Go (https://shop.test/a?b=1&c=<2>) now, <https://shop.test/x\ny>.\n"
    octets = b"From: a@b.test\r\n\r\n" + said.replace("\n", "\r\n").encode()
    path = f"/messages/{a_message(octets).id}?tab=text"
    page = LexborHTMLParser(client.get(path).content.decode())
    pre = page.css_first("pre.text")
    assert pre is not None
    assert pre.text() == said
    links = [each.attributes for each in pre.css("a")]
    assert [each["href"] for each in links] == [
        "https://shop.test/a?b=1&c=", "https://shop.test/xy",
    ]  # fmt: skip
    assert {(each["rel"], each["target"]) for each in links} == {
        ("noopener noreferrer", "_blank")
    }


def test_a_link_over_soft_breaks_is_an_action(client: Client) -> None:
    octets = (
        b"From: a@b.test\r\nSubject: Sign-up\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
        b"Confirm: https://shop.test/confirm/8f3a9c \r\n2b7d1e5f60?token=4471aa90\r\n"
    )
    path = f"/api/v3/messages/{a_message(octets).id}"
    (action,) = client.get(path).json()["actions"]
    url = "https://shop.test/confirm/8f3a9c2b7d1e5f60?token=4471aa90"
    assert (action["kind"], action["url"]) == ("confirm", url)
