"""Two people at once: nothing that one of them wants to keep is lost to the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from inbox.errors import Invalid, NotFound
from inbox.mailbox import (
    inboxes,
    label_inboxes,
    purge,
    saved_searches,
    selection,
    trash,
)
from inbox.mailbox.scope import ALL
from inbox.models import Inbox, Message, Raw, SavedSearch, Tombstone
from inbox.policy import sorting_conditions
from inbox.storage import write_lock
from inbox.storage.write_lock import write_turn
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db


def test_what_is_restored_while_the_trash_is_emptied_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, gone = recorded_message(), recorded_message()
    trash.delete(ALL, selection.by_ids([kept.pk, gone.pk]))
    prepared = purge.tombstones.of

    def restore_meanwhile(*given: object) -> list[Tombstone]:
        trash.restore(ALL, kept.pk)
        return prepared(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(purge.tombstones, "of", restore_meanwhile)
    assert trash.empty(ALL, "subject:order -is:read") == 1
    assert Message.objects.get().pk == kept.pk
    assert Raw.objects.get().transaction_id == kept.transaction_id
    assert Tombstone.objects.get().message == gone.pk


def test_a_search_that_was_forgotten_meanwhile_stays_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = saved_searches.save("One", "one")
    clean_name = saved_searches.clean_name

    def forget_meanwhile(name: str, most: int) -> str:
        SavedSearch.objects.all().delete()
        return clean_name(name, most)

    monkeypatch.setattr(saved_searches, "clean_name", forget_meanwhile)
    with pytest.raises(NotFound):
        saved_searches.change(saved.pk, "Other", None)
    assert not SavedSearch.objects.exists()


def test_a_name_that_two_give_at_once_is_one_search() -> None:
    """Where writers do not take turns, the database has to see to it."""
    now = datetime.now(UTC)
    SavedSearch.objects.create(name="One", query="a", created_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedSearch.objects.create(name="One", query="b", created_at=now)
    assert saved_searches.save("One", "c").query == "c"
    assert SavedSearch.objects.count() == 1
    other = saved_searches.save("Other", "d")
    with pytest.raises(Invalid, match='there is a search named "One"'):
        saved_searches.change(other.pk, "One", None)


@pytest.mark.django_db(transaction=True)
def test_mail_does_not_wait_for_the_search_by_which_the_trash_is_emptied() -> None:
    """It may take seconds: it is not asked within a turn at writing."""
    trash.delete(ALL, selection.by_ids([recorded_message().pk]))
    asked: list[bool] = []

    def note(execute: Any, statement: str, *rest: Any) -> Any:
        if "forward_path" in statement:
            asked.append(connection.in_atomic_block)
        return execute(statement, *rest)

    with connection.execute_wrapper(note):
        assert trash.empty(ALL, "-rcpt:*n*o*b*o*d*y*") == 1
    assert asked
    assert not any(asked)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", ["shop", "shop-a"])
def test_conditions_that_others_give_meanwhile_count(other: str) -> None:
    """Two requests at once to two inboxes that share limits, or to one, both passed."""
    inboxes.add(ALL, "shop", "Shop")
    for label in "ab":
        label_inboxes.make("shop", label)
    many = {"recipients": [f"{number}@a.test" for number in range(60)]}

    def change() -> None:
        inbox = Inbox.objects.get(slug="shop-b")
        put = sorting_conditions.replacement(inbox, many)
        inboxes.update(ALL, "shop-b", conditions=put)

    with ThreadPoolExecutor(1) as thread:
        with write_turn():
            going = thread.submit(change)
            while not write_lock._turns._waiting:
                assert not going.done()
            Inbox.objects.filter(slug=other).update(conditions=many)
        with pytest.raises(Invalid, match="at most 100 of them"):
            going.result()
        thread.submit(lambda: connection.close()).result()
    assert Inbox.objects.get(slug="shop-b").conditions == {"header": False}
