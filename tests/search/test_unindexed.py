"""Messages are found before they are indexed, at a bounded cost."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from inbox.mailbox import messages
from inbox.mailbox.scope import ALL
from inbox.search.fulltext import unindexed
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def found(q: str) -> list[str]:
    return [each.subject for each in messages.find(ALL, q).items]


def people(count: int) -> list[dict[str, str]]:
    return [{"name": "", "address": f"u{n}@example.com"} for n in range(count)]


def test_they_are_found_by_what_is_known_of_them() -> None:
    factories.message(subject="Your Zebra crossing", to=people(3))
    factories.message(subject="Another")
    for q in ("zebra", "zeb", '"zebra cross"', "u2", "subject:your", "to:u2"):
        assert found(q) == ["Your Zebra crossing"], q
    for q in ("ebra", '"crossing zebra"', '"zebra z"', "subject:u2"):
        assert found(q) == [], q


def test_a_second_word_reads_none_of_them_again(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        factories.message(subject=f"Zebra {number}")
    assert len(unindexed.ids(["zebra"], ["subject"])) == 30
    with django_assert_num_queries(1):
        assert len(unindexed.ids(["29"], ["subject"])) == 1


def test_one_search_reads_a_bounded_number_of_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unindexed, "_CHARACTERS", 1500)
    monkeypatch.setattr(unindexed, "_AT_ONCE", 5)
    for number in range(20):
        factories.message(subject=f"Zebra {number}", to=people(30))
    assert len(unindexed.ids(["zebra"], ["subject"])) == 5
    assert found("zebra")[:5] == [f"Zebra {number}" for number in range(19, 14, -1)]
