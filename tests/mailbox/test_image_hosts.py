"""The hosts that the mail of an inbox may load images from, on whichever database the tests run."""

from __future__ import annotations

import pytest

from inbox.mailbox import image_hosts
from inbox.models import Inbox, RemoteHost

pytestmark = pytest.mark.django_db


def test_a_host_is_taken_away_once() -> None:
    inbox = Inbox.objects.get(slug="default")
    image_hosts.allow(inbox, "CDN.example.com")
    assert image_hosts.forbid(inbox, "cdn.example.com")
    assert not image_hosts.forbid(inbox, "cdn.example.com")
    assert not RemoteHost.objects.exists()


@pytest.mark.parametrize("text", ["a\0b", "", "cdn.example.com/"])
def test_what_is_no_host_is_not_there(text: str) -> None:
    """A NUL was a 500 on PostgreSQL."""
    assert not image_hosts.forbid(Inbox.objects.get(slug="default"), text)
