"""`header:` over every header field, on whichever database the tests run."""

from __future__ import annotations

import pytest
from django.db import connection

from inbox.mailbox import messages, purge
from inbox.mailbox.scope import ALL
from inbox.models import Message, SearchText
from inbox.search.fulltext import header_fields
from inbox.storage.write_lock import write_turn
from inbox.upkeep import indexer
from mailsink.mime.headers import Field, scan
from tests import factories

pytestmark = pytest.mark.django_db

NEWSLETTER = """Subject: newsletter
X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer)
List-Id: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <news.shop.example>
Received: from app by relay
Received: from relay by mx
X-Empty:

Hi.
"""


def mail(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def stored() -> Message:
    factories.inbox()
    factories.message(mail("Subject: other\nX-Mailer: swaks\n\nPHPMailer 6.9.1\n"))
    made = factories.message(mail(NEWSLETTER))
    while indexer.index_some():
        pass
    return made


def found(q: str) -> list[str]:
    return sorted(each.subject for each in messages.find(ALL, q).items)


@pytest.mark.parametrize(
    ("q", "subjects"),
    [
        ("header:X-Mailer:phpmailer", ["newsletter"]),
        ("header:x-mailer:PHPM", ["newsletter"]),
        ('header:"X-Mailer:PHPMailer 6.9"', ["newsletter"]),
        ('header:"X-Mailer: swaks"', ["other"]),
        ("header:X-Mailer:github.com/PHP", ["newsletter"]),
        ("header:X-Mailer:mailer", []),  # words are found by their beginning
        ("header:X-Other:phpmailer", []),
        ("header:List-Id:GRÜSSE", ["newsletter"]),
        ("header:list-id:news.shop", ["newsletter"]),
        ('header:"Received:relay by"', ["newsletter"]),
        ('header:"Received:relay from"', []),  # not from one field to the next
        ("header:X-Mailer", ["newsletter", "other"]),
        ("header:X-Empty:", ["newsletter"]),
        ("header:X-Mail", []),
        ("header:X-Mailer:!!", []),
        ("-header:List-Id", ["other"]),
        ("header:X-Mailer:swaks OR header:List-Id:news", ["newsletter", "other"]),
        ("header:X-Mailer:phpmailer header:List-Id subject:news", ["newsletter"]),
        ("header:Subject", ["newsletter", "other"]),
        ("header:subject:newsl", ["newsletter"]),
    ],
)
def test_every_field(stored: Message, q: str, subjects: list[str]) -> None:
    assert found(q) == subjects


def test_what_was_indexed_before_is_caught_up_with(stored: Message) -> None:
    """A message with its text alone, as versions before left them."""
    keys = list(SearchText.objects.values_list("pk", flat=True))
    with write_turn(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM inbox_headerindex")
        else:
            cursor.execute("UPDATE inbox_searchtext SET header = NULL")
    SearchText.objects.update(with_header=None)
    assert found("header:X-Mailer") == []
    assert [key for key, _ in header_fields.missing(9)] == sorted(keys, reverse=True)
    assert not indexer.catch_up()
    assert indexer.catch_up_headers()
    assert not indexer.catch_up_headers()
    assert found("header:X-Mailer:php") == ["newsletter"]


def test_what_goes_is_forgotten(stored: Message) -> None:
    purge.purge(Message.objects.filter(pk=stored.pk), "retention")
    assert found("header:X-Mailer") == ["other"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM inbox_headerindex")
            assert cursor.fetchone()[0] == 1


@pytest.mark.parametrize(
    "fields",
    [
        [Field("X-A", b"a " * 100_000)],
        [Field("X-A", b"\xef\xb7\xba" * 100_000)],  # one that stands for four words
        [Field(f"X-{number}", b"a b") for number in range(50_000)],
        [Field("X" * 100_000, b"a")] * 300,
        [Field("X-A", b"'\\ \" * : ( ) & | ! \x00 \xff <->")],
    ],
    ids=["long", "grows", "many", "long names", "odd"],
)
def test_hostile_headers_are_bounded(fields: list[Field]) -> None:
    tokens = header_fields.field_tokens(fields)
    assert len(tokens) <= 1000
    assert max(map(len, tokens)) <= 80
    assert all(each.isalnum() for each in tokens)


def test_hostile_headers_are_stored(stored: Message) -> None:
    octets = b"X-A: ' \\ \" NEAR( a:b* -c ^ {d}\r\nX-B:" + b" b" * 90_000 + b"\r\n\r\nx"
    assert scan(octets).fields
    factories.message(octets)
    while indexer.index_some():
        pass
    for word in ("near", "a:b", "d"):
        assert found(f"header:X-A:{word}") == [""]


def test_it_is_looked_up_in_an_index(stored: Message) -> None:
    with connection.cursor() as cursor:
        rows = messages.matching(
            ALL, messages.language.parse("header:X-Mailer:php"), None
        )
        sql, parameters = rows.values_list("pk").query.sql_with_params()
        word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{word} {sql}", parameters)
        plan = str(cursor.fetchall())
    assert "inbox_headerindex VIRTUAL TABLE INDEX" in plan or "searchtext" in plan
