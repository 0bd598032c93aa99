"""Tags of many messages change in few statements, and in short turns: a 250 may wait."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection

from inbox.mailbox import marking
from inbox.mailbox.marking import Marks
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import Message, MessageRead
from inbox.storage.write_lock import write_turn
from tests import factories
from tests.between import after_query

pytestmark = pytest.mark.django_db


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that has an item for each write turn."""
    taken: list[None] = []

    def turn() -> AbstractContextManager[None]:
        taken.append(None)
        return write_turn()

    monkeypatch.setattr(marking, "write_turn", turn)
    return taken


def tags() -> list[list[str]]:
    return list(Message.objects.order_by("pk").values_list("tags", flat=True))


def test_equal_tags_are_one_statement(
    turns: list[None],
    django_assert_max_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marking, "_SECONDS_IN_A_TURN", 60)
    for number in range(20):
        factories.message(tags=["odd"] if number % 2 else [])
    with django_assert_max_num_queries(20) as queries:
        marking.update_many(ALL, Selection(), Marks(add=["new"], remove=["old"]))
    updates = [each["sql"] for each in queries if each["sql"].startswith("UPDATE")]
    assert len(updates) == 2
    assert not any("CASE" in each for each in updates)
    assert tags() == [["new"], ["odd", "new"]] * 10
    assert len(turns) == 1


def test_different_tags_take_turns(
    turns: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "_SECONDS_IN_A_TURN", 0)
    for number in range(5):
        factories.message(tags=[f"tag{number}"])
    marking.update_many(ALL, Selection(), Marks(add=["new"], remove=["tag0"]))
    assert tags() == [["new"], *([f"tag{number}", "new"] for number in range(1, 5))]
    assert len(turns) == 5


def test_what_is_removed_meanwhile_is_left_out() -> None:
    stays, gone = factories.message(), factories.message()
    with after_query(
        "LIMIT 200",
        lambda: Message.objects.filter(pk=gone.pk).delete(),
    ):
        assert marking.update_many(ALL, Selection(), Marks(read=True)) == 1
    connection.check_constraints()
    assert MessageRead.objects.get().message_id == stays.pk
