"""What is moved: every table, by construction; and sums that both databases agree on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from inbox.models import Exchange, Session, Transaction
from inbox.moving import ends
from inbox.moving.tables import REBUILT, Sum, tables

# The indices, which are made again, and Django's list of migrations, which migrating makes
_OTHERWISE = ("inbox_searchindex", "inbox_headerindex", "django_migrations")


@pytest.mark.django_db
def test_every_table_is_moved_or_made_again() -> None:
    there = {
        name
        for name in connection.introspection.table_names()
        if not name.startswith(_OTHERWISE)
    }
    rebuilt = {each._meta.db_table for each in REBUILT}
    assert {each.name for each in tables()} | rebuilt == there


@pytest.mark.django_db
def test_a_new_database_holds_rows_in_known_tables_alone() -> None:
    filled = {each.name for each in tables() if each.count("default")}
    assert filled <= ends._FILLED | {"inbox_inbox"}


def test_rows_come_after_those_that_they_refer_to() -> None:
    order = [each.model for each in tables()]
    assert order.index(Session) < order.index(Transaction) < order.index(Exchange)


def sum_of(*rows: tuple[Any, ...]) -> Sum:
    found = Sum()
    for row in rows:
        found.add(row)
    return found


def test_a_sum_knows_no_order() -> None:
    assert sum_of((1, "a"), (2, "b")) == sum_of((2, "b"), (1, "a"))


ID = UUID(int=7)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (b"abc", memoryview(b"abc")),
        (True, 1),
        (1.0, 1),
        (NOON, NOON.astimezone(timezone(timedelta(hours=2)))),
        ({"a": 1, "b": [2.0, None]}, {"b": [2, None], "a": 1}),
    ],
)
def test_databases_write_some_values_in_their_own_ways(ours: Any, theirs: Any) -> None:
    assert sum_of((ours,)) == sum_of((theirs,))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1,), ("1",)),
        ((None,), ("",)),
        ((b"a",), ("a",)),
        ((ID,), (str(ID),)),
        ((["a"],), ('["a"]',)),
        (("a", "b"), ("b", "a")),
        (("a\x1fs", "b"), ("a", "s\x1fb")),
        ((0,), (None,)),
        ((NOON,), (NOON + timedelta(microseconds=1),)),
    ],
)
def test_no_two_rows_have_the_same_sum(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    assert sum_of(one) != sum_of(other)
    assert sum_of(one) != sum_of(one, one)
