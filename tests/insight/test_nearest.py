"""Which addresses are near another one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.insight.trace.nearest import distance, likeness, nearest
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Inbox
from tests import factories


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("ann", "ann", 0),
        ("ann@example.com", "ann@exmaple.com", 1),  # two neighbours swapped
        ("ann", "anna", 1),
        ("anna", "ann", 1),
        ("ann", "amn", 1),
        ("ann@example.com", "ann@exampel.con", 2),
        ("", "ab", 2),
        ("ann", "bob", 3),
        ("ann", "robert", 4),  # too far
        ("abcdef", "badcfe", 3),
    ],
)
def test_distance(a: str, b: str, edits: int) -> None:
    assert distance(a, b, 3) == edits


def plain(a: str, b: str) -> int:
    """The same by the textbook: the whole table."""
    table = {(i, 0): i for i in range(len(a) + 1)}
    table |= {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i, j] = min(
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (a[i - 1] != b[j - 1]),
            )
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(a), len(b)]


@given(st.text("ab.@", max_size=9), st.text("ab.@", max_size=9), st.integers(0, 4))
def test_distance_is_that_of_the_whole_table(a: str, b: str, limit: int) -> None:
    assert distance(a, b, limit) == min(plain(a, b), limit + 1)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("ann.smith@exmaple.com", "one letter differs"),
        ("ann.smith+news@example.com", "the same except for the part after the “+”"),
        ("annsmith@example.com", "the same except for dots"),
        ("ann.smith@shop.test", "the same name at another domain"),
        ("ann.smyth@example.co", "2 letters differ"),
        ("ann.smith@example.com", None),
        ("bob@example.com", None),
        ("", None),
    ],
)
def test_likeness(other: str, words: str | None) -> None:
    found = likeness("ann.smith@example.com", other)
    assert (found and found[1]) == words


@pytest.mark.django_db
def test_the_likest_come_first_then_the_newest() -> None:
    for path in ("<ann@exmaple.com", "ANN+x@Example.com", "ann@exampl.com",
                 "bob@example.com", "ann@example.com", "ann@exampl.com"):  # fmt: skip
        factories.transaction(recipients=[path])
    found = nearest(ALL, "Ann@example.com")
    assert [each.address for each in found] == [
        "ann+x@example.com",
        "ann@exampl.com",
        "ann@exmaple.com",
    ]
    assert found[1].at > found[0].at


@pytest.mark.django_db
def test_only_what_may_be_seen_is_near() -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    factories.transaction(inbox=other, recipients=["ann@exmaple.com"])
    assert nearest(ALL, "ann@example.com")
    assert not nearest(Scope(frozenset({factories.inbox().pk})), "ann@example.com")


def test_hostile_addresses_take_no_time() -> None:
    long = "ab" * 128
    began = time.process_time()
    for _ in range(200):
        likeness(f"c{long}", f"d{long}"[:98] + "e")
    assert time.process_time() - began < 2
