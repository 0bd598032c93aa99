"""Mailpit's search grammar."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from inbox.models import MessageRead
from tests import factories
from tests.dialects.conftest import Dialect

pytestmark = pytest.mark.database

FIRST = (
    b"From: Ann Smith <ann@example.com>\r\nTo: Bob <bob@shop.test>\r\n"
    b"Cc: cc@example.org\r\nSubject: Your order 17\r\nMessage-ID: <first@example.com>\r\n"
    b"\r\nThe parcel is on its way.\r\n"
)
SECOND = b"From: x@y.z\r\nTo: q@y.z\r\nSubject: Hello\r\n\r\n" + b"long " * 1000


@pytest.fixture
def mails(dialect: Dialect) -> dict[str, str]:
    early = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    first = factories.message(
        FIRST, recipients=["bob@shop.test", "hidden@z.test"], tags=["Sign up"],
        attachments=1, received_at=early, id="01946a5e-0000-7000-8000-000000000001",
    )  # fmt: skip
    MessageRead.objects.create(message=first, user=None)
    second = factories.message(SECOND, recipients=["q@y.z"])
    return {str(first.pk): "first", str(second.pk): "second"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("order", "first"),
        ("your ORDER", "first"),
        ('"order your"', ""),
        ('"your order"', "first"),
        ("-order", "second"),
        ("!order", "second"),
        ('!"your order"', "second"),
        ("order hello", ""),
        ("subject:rder", "first"),
        ('subject:"order 17"', "first"),
        ("SUBJECT:hello", "second"),
        ("from:smith", "first"),
        ("from:nn@exam", "first"),
        ("to:shop.test", "first"),
        ("to:BOB", "first"),
        ("to:hidden", ""),
        ("cc:example.org", "first"),
        ("bcc:hidden@z", "first"),
        ("addressed:hidden@z", "first"),
        ("addressed:example.org", "first"),
        ("-to:bob", "second"),
        ("message-id:first@", "first"),
        ('tag:"sign UP"', "first"),
        ("tag:sign", ""),
        ("is:read", "first"),
        ("is:unread", "second"),
        ("is:tagged", "first"),
        ("!is:tagged", "second"),
        ("is:nothing", "first second"),
        ("has:attachment", "first"),
        ("has:attachments", "first"),
        ("larger:1K", "second"),
        ("larger:0.5KB smaller:1M", "second"),
        ("before:2026/04/01", "first"),
        ("before:4/1/2026", "first"),
        ("after:2026-04-01", "second"),
        ("-after:2026-04-01T10:00", "first"),
        ("after:never", "first second"),
        ('before:"Mon, 01 Jan 0001 00:00:00 +1200"', "first second"),
        ('after:"Fri, 31 Dec 9999 23:00:00 -1200"', "first second"),
        ("subject:", "first second"),
        ("larger:big", ""),
        ("unknown:field", ""),
    ],
)
def test_queries(
    dialect: Dialect, mails: dict[str, str], query: str, found: str
) -> None:
    answer = dialect.get(f"/api/v1/search?{urlencode({'query': query})}")
    names = sorted(mails[each["ID"]] for each in answer["messages"])
    assert " ".join(names) == found
    assert answer["messages_count"] == answer["count"] == len(names)
    assert answer["total"] == 2


def test_counts_alone(dialect: Dialect, mails: dict[str, str]) -> None:
    answer = dialect.get("/api/v1/search?query=addressed:example&limit=0")
    assert (answer["messages"], answer["messages_count"]) == ([], 1)
    assert (answer["messages_unread"], answer["unread"]) == (0, 1)


def test_zones(dialect: Dialect, mails: dict[str, str]) -> None:
    """A day begins where the reader is."""
    path = "/api/v1/search?query=before:2026-03-02&tz=Pacific/Kiritimati"
    assert dialect.get(path)["messages_count"] == 0
    assert dialect.get(path.partition("&")[0])["messages_count"] == 1
    path = "/api/v1/search?query=after:2026-03-02&tz=Pacific/Kiritimati"
    assert dialect.get(path)["messages_count"] == 2
    assert dialect.get(path.partition("&")[0])["messages_count"] == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Error: no search query"),
        ("query=%20", "Error: no search query"),
        ("query=reply-to:x", "cannot search by reply-to:"),
        ("query=has:inline", "cannot search by has:inline"),
        ("query=%00", "a search is text"),
        (f"query={'a' * 1001}", "at most 1000 characters"),
        (f"query={'a+' * 31}", "at most 30 terms"),
    ],
)
def test_what_cannot_be_searched(dialect: Dialect, query: str, words: str) -> None:
    assert words in dialect.text("GET", f"/api/v1/search?{query}", status=400)


def test_deleting_by_search(dialect: Dialect, mails: dict[str, str]) -> None:
    assert dialect.text("DELETE", "/api/v1/search?query=subject:order") == "ok"
    (left,) = dialect.get("/api/v1/messages")["messages"]
    assert mails[left["ID"]] == "second"
    words = dialect.text("DELETE", "/api/v1/search", status=400)
    assert words == "Error: no search query"
