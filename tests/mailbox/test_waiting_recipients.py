"""Who waits for mail to an address is asked only about messages that may be for it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test.utils import CaptureQueriesContext

from inbox.mailbox.arriving import Arrivals, CompiledQuery, NewMessage
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Message
from inbox.upkeep import indexer
from tests import factories

pytestmark = pytest.mark.django_db

Queries = Callable[[int], CaptureQueriesContext]


def read(*made: Message) -> list[NewMessage]:
    return Arrivals().read([each.pk for each in made])


@pytest.mark.parametrize(
    ("q", "may"),
    [
        ("to:bob@example.com", True),  # in the header
        ("to:BOB@exam", True),
        ("to:hidden@example.com", True),  # in the envelope
        ("to:cat", True),  # in Cc: the query itself looks more closely
        ("to:ob@example.com", False),
        ("to:bob@example.net subject:invoice", False),
        ("subject:other", False),
        ("subject:inv", True),
        ("from:nobody", False),
        ("cc:nobody", False),
        ("-to:nobody@example.com", True),
        ("to:nobody@example.com OR subject:invoice", True),
    ],
)
def test_may_match(q: str, may: bool) -> None:
    (arrival,) = read(factories.message(recipients=["hidden@example.com"]))
    assert CompiledQuery(ALL, q, None).may_match(arrival.words) == may


@pytest.mark.parametrize(
    "q",
    [
        "",
        "to:bob@example.com",
        "subject:invoice",
        "from:ann@example.com",
        "inbox:default",
        "pay",
    ],
)
def test_matching_finds_those_and_no_others(q: str) -> None:
    made = [factories.message() for _ in range(20)]
    condition = CompiledQuery(ALL, q, None)
    condition.prepare()
    indexer.index_some()
    other = factories.message(body=b"Subject: -\r\n\r\n", recipients=["e@f.example"])
    expected = sorted(each.pk for each in made)
    if q in ("", "inbox:default"):
        expected.append(other.pk)
    assert sorted(condition.matching(read(*made, other))) == sorted(expected)


def test_matching_heeds_scope_and_inbox() -> None:
    made = factories.message()
    for scope, inbox, found in (
        (ALL, "default", [made.pk]),
        (ALL, "defaul", []),
        (Scope(frozenset((made.inbox_id,))), None, [made.pk]),
        (Scope(frozenset()), None, []),
    ):
        assert CompiledQuery(scope, "", inbox).matching(read(made)) == found


def test_only_later_ones_are_in_the_page() -> None:
    first, second = factories.message(), factories.message()
    page = Wanted(ALL, after=first.pk).page_of([first, second])
    assert (page.items, page.next) == ([second], None)


def test_a_query_is_asked_only_about_what_may_match(
    django_assert_num_queries: Queries,
) -> None:
    made = read(factories.message())
    condition = CompiledQuery(ALL, "to:nobody@example.com", None)
    with django_assert_num_queries(0):
        assert condition.matching(made) == []


def test_a_message_that_waits_for_the_indexer_is_read_once(
    django_assert_num_queries: Queries,
) -> None:
    made, arrivals = factories.message(), Arrivals()
    (came,) = arrivals.read([made.pk])
    assert not came.is_due
    with django_assert_num_queries(1):
        assert arrivals.read([made.pk]) == [came]
    indexer.index_some()
    with django_assert_num_queries(1):
        (indexed,) = arrivals.read([made.pk])
    assert (indexed.is_due, indexed.words) == (True, came.words)


def test_many_words_are_not_kept(django_assert_num_queries: Queries) -> None:
    made = factories.message(body=b"Subject: " + b"word " * 1000 + b"\r\n\r\n")
    arrivals = Arrivals()
    came = arrivals.read([made.pk])
    with django_assert_num_queries(2):
        assert arrivals.read([made.pk]) == came


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("word", True),  # of the body, perhaps
        ("subject:invoice", True),
        ("has:attachment", True),
        ("larger:1", True),
        ("larger:1M", False),
        ("subject:other", False),
    ],
)
def test_what_is_indexed_first(q: str, first: bool) -> None:
    condition = CompiledQuery(ALL, q, None)
    condition.prepare()  # before the message comes
    made = factories.message()
    ids: list[UUID] = condition.to_index(read(made))
    assert ids == ([made.pk] if first else [])
