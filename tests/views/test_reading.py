"""What a message's page reads out of its fields and parts."""

from __future__ import annotations

import re

import pytest
from django.test import Client

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
