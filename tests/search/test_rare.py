"""Searches for what few messages have read these alone, on whichever database the tests run."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.mailbox import messages, transactions
from inbox.mailbox.scope import ALL
from inbox.search import language
from tests import factories

pytestmark = pytest.mark.django_db


def indexes(sql: str, params: Any = None) -> str:
    """Return how the database would find the rows of a query, if there were many."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}", params)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("tag:red", {"message_tagged"}),
        ("has:attachment", {"message_with_files"}),
        ("larger:100K", {"message_large"}),
        (
            "code:550",
            {"transaction_refused", "recipient_refused", "recipient_refused_late"},
        ),
        (
            "code:4xx",
            {"transaction_refused", "recipient_refused", "recipient_refused_late"},
        ),
    ],
)
def test_few_are_found_by_an_index_of_their_own(q: str, found: set[str]) -> None:
    with CaptureQueriesContext(connection) as asked:
        messages.find(ALL, q)
    plan = indexes(asked[0]["sql"])
    assert all(each in plan for each in found), plan


def test_the_discarded_are_found_by_their_index() -> None:
    """With parameters, as the database gets them."""
    asked: list[Any] = []

    def note(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(note):
        transactions.find(ALL, "discarded")
    assert "transaction_discarded" in indexes(*asked[0])


def test_codes_that_refuse_and_others() -> None:
    plain = factories.message(code=250)
    odd = factories.message(code=399)
    refused = factories.message(code=400)
    for q, expected in (
        ("code:250", [refused, odd, plain]),  # the recipient of each
        ("code:399", [odd]), ("code:400", [refused]), ("code:4xx", [refused]),
        ("code:3xx", [odd]), ("-code:400", [odd, plain]),
    ):  # fmt: skip
        assert list(messages.find(ALL, q).items) == expected, q


def test_what_was_refused_is_found_by_its_code() -> None:
    late = factories.transaction(outcome="rejected", code=554, recipients=["a@b.test"])
    factories.transaction(outcome="rejected", code=451, recipients=["a@b.test"])
    found = transactions.not_accepted(ALL, language.parse("code:554"))
    assert [each.pk for each in found] == [late.pk]


@pytest.mark.parametrize(
    ("size", "q"),
    [(99_999, "larger:99998"), (100_000, "larger:99999"), (100_001, "larger:100000")],
)
def test_sizes_around_those_that_are_large(size: int, q: str) -> None:
    message = factories.message(size=size)
    assert list(messages.find(ALL, q).items) == [message]
    assert list(messages.find(ALL, f"larger:{size}").items) == []


def test_tags_and_files_that_a_message_has() -> None:
    plain = factories.message()
    tagged = factories.message(tags=["Red"])
    with_file = factories.message(attachments=1)
    for q, expected in (
        ("tag:red", [tagged]), ("-tag:red", [with_file, plain]),
        ("has:attachment", [with_file]), ("-has:attachment", [tagged, plain]),
    ):  # fmt: skip
        assert list(messages.find(ALL, q).items) == expected, q
