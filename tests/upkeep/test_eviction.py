"""Who sends very much has their own mail go; each inbox keeps what it is set to keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.capture.recorder import Recorder
from inbox.content.mail_templates import template_of
from inbox.mailbox import inbox_removal, inboxes, label_inboxes, trash
from inbox.mailbox.scope import ALL
from inbox.models import Inbox, Message, Session, Tombstone, Transaction
from inbox.storage.write_lock import ROWS_IN_A_TURN
from inbox.upkeep import eviction, indexer, retention
from inbox.upkeep.eviction import level_of
from mailsink.ids import first_at
from tests import factories
from tests.recording import one_message, play
from tests.upkeep.test_retention import limits, prune

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def stored(number: int, sender: str, inbox: Inbox | None = None, **some: Any) -> None:
    subject = some.pop("subject", "Order 1")
    for _ in range(number):
        message = factories.message(
            inbox=inbox or factories.inbox(),
            from_address=sender,
            subject=subject,
            **some,
        )
        message.template = template_of(sender, subject)
        message.save()


def left() -> Counter[str]:
    return Counter(Message.objects.values_list("from_address", flat=True))


def test_a_load_test_evicts_itself() -> None:
    stored(3, "ann@example.com")
    stored(20, "load@example.com")
    stored(2, "ann@example.com", subject="Invoice")
    prune(limits(messages=10))
    assert left() == {"ann@example.com": 5, "load@example.com": 5}
    newest = Message.objects.order_by("-id").values_list("id", flat=True)
    assert set(newest[:7]) <= set(Message.objects.values_list("id", flat=True))


def test_the_largest_are_cut_to_one_size() -> None:
    stored(9, "a@example.com")
    stored(6, "b@example.com")
    stored(2, "c@example.com")
    prune(limits(messages=10))
    assert left() == {"a@example.com": 4, "b@example.com": 4, "c@example.com": 2}


def test_the_oldest_go_where_all_groups_are_alike() -> None:
    for number in range(6):
        stored(1, f"u{number}@example.com")
    prune(limits(messages=4))
    assert sorted(left()) == [f"u{number}@example.com" for number in range(2, 6)]


def test_an_inbox_keeps_a_number_of_its_own() -> None:
    shop = inboxes.add(ALL, "shop")
    inboxes.update(ALL, "shop", retention={"retention_count": 2})
    stored(5, "a@example.com", shop)
    stored(4, "b@example.com")
    prune(limits(messages=3))
    assert left() == {"a@example.com": 2, "b@example.com": 3}
    causes = Counter(Tombstone.objects.values_list("cause", flat=True))
    assert causes == {"inbox": 3, "count": 1}
    inboxes.update(ALL, "shop", retention={"retention_count": 0})
    stored(5, "a@example.com", shop)
    assert prune(limits(messages=3)) == 0


def test_an_inbox_keeps_so_many_octets() -> None:
    shop = inboxes.add(ALL, "shop")
    inboxes.update(ALL, "shop", retention={"retention_octets": 1000})
    stored(5, "small@example.com", shop, size=20)
    stored(4, "large@example.com", shop, size=500)
    stored(1, "large@example.com", shop, size=5000, pinned=True)
    prune(limits())
    assert left() == {"small@example.com": 5, "large@example.com": 2}
    assert Message.objects.filter(pinned=True).exists()


@pytest.mark.parametrize(("own", "kept"), [(3, 0), (0, 1), (None, 0), (9, 1)])
def test_an_inbox_keeps_so_many_days(own: int | None, kept: int) -> None:
    shop = inboxes.add(ALL, "shop")
    inboxes.update(ALL, "shop", retention={"retention_days": own})
    stored(1, "a@example.com", shop)
    at = datetime.now(UTC) - timedelta(days=5)
    Message.objects.update(id=first_at(at.timestamp()), received_at=at)
    prune(limits(days=4))
    assert Message.objects.count() == kept


def test_a_plan_lets_go_of_what_was_pinned_meanwhile() -> None:
    stored(4, "a@example.com")
    # Each message is a turn: the first of three that are to go goes.
    Transaction.objects.update(recipients_accepted=ROWS_IN_A_TURN)
    evictions, pools = eviction.Evictions(), eviction.pools(1)
    assert evictions.evict(pools) == 1
    Message.objects.update(pinned=True)
    assert evictions.evict(pools) == 0
    assert Message.objects.count() == 3


def test_each_inbox_has_its_turn() -> None:
    shop = inboxes.add(ALL, "shop")
    inboxes.update(ALL, "shop", retention={"retention_count": 1})
    stored(5, "a@example.com", shop)
    stored(5, "b@example.com")
    Transaction.objects.update(recipients_accepted=ROWS_IN_A_TURN)
    evictions, pools = eviction.Evictions(), eviction.pools(1)
    for _ in range(4):
        assert evictions.evict(pools) == 1
    assert left() == {"a@example.com": 3, "b@example.com": 3}


@pytest.mark.parametrize(
    ("weights", "over", "level"),
    [
        ([9, 6, 2], 7, 4),
        ([9, 6, 2], 1, 8),
        ([9, 6, 2], 3, 6),
        ([9, 6, 2], 17, 0),
        ([9, 6, 2], 99, 0),
        ([1, 1, 1], 1, 0),
        ([], 5, 0),
    ],
)
def test_a_level(weights: Sequence[int], over: int, level: int) -> None:
    assert level_of(weights, over) == level


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Order 17 of 2026-01-31", "Re: ORDER 18 of 2026-02-01", True),
        ("Hello ann@example.com", "Hello  bob@example.com", True),
        ("Order", "Invoice", False),
        ("", "Order", False),
    ],
)
def test_a_template(one: str, other: str, alike: bool) -> None:
    keys = template_of("A@example.com", one), template_of("a@example.com", other)
    assert (keys[0] == keys[1]) is alike
    assert template_of("b@example.com", one) != keys[0]


def test_a_label_ends_some_days_after_its_last_mail() -> None:
    shop = inboxes.add(ALL, "shop")
    for label in ("old", "used", "new"):
        label_inboxes.make("shop", label)
    ago = datetime.now(UTC) - timedelta(days=8)
    Inbox.objects.exclude(slug="shop-new").update(created_at=ago)
    stored(1, "a@example.com", Inbox.objects.get(slug="shop-used"))
    prune(limits())
    alive = Inbox.objects.filter(deleted_at=None).values_list("slug", flat=True)
    assert sorted(alive) == ["default", "shop", "shop-new", "shop-used"]
    inboxes.update(ALL, "shop", label_days=0)
    Inbox.objects.update(created_at=ago)
    prune(limits())
    assert Inbox.objects.filter(deleted_at=None, parent=shop).count() == 2


def test_a_deleted_inbox_goes_for_good_with_its_sessions() -> None:
    shop = inboxes.add(ALL, "shop")
    stored(3, "a@example.com", shop)
    stored(1, "b@example.com")
    of_shop = Message.objects.filter(inbox=shop).values("transaction")
    Transaction.objects.filter(pk__in=of_shop).update(inbox=shop)
    Session.objects.filter(transaction_set__in=of_shop).update(inbox=shop)
    Session.objects.update(ending="quit")
    inbox_removal.delete(ALL, "shop")
    prune(limits(trash_hours=1))
    assert Inbox.objects.count() == 2
    ago = datetime.now(UTC) - timedelta(hours=2)
    Inbox.objects.filter(pk=shop.pk).update(deleted_at=ago)
    Message.objects.filter(deleted_at__isnull=False).update(deleted_at=ago)
    stored(1, "late@example.com", shop)  # it was on its way
    prune(limits(trash_hours=1))
    assert left() == {"b@example.com": 1, "late@example.com": 1}
    assert trash.count(ALL, "", 10) == 1
    Message.objects.filter(deleted_at__isnull=False).update(deleted_at=ago)
    prune(limits(trash_hours=1))
    assert [each.slug for each in Inbox.objects.all()] == ["default"]
    assert left() == {"b@example.com": 1}
    assert Session.objects.filter(inbox=None).count() <= 1


def test_what_is_beyond_a_plan_is_planned_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(eviction, "_PLANNED", 2)
    stored(7, "a@example.com")
    evictions, gone = eviction.Evictions(), 0
    while more := evictions.evict(eviction.pools(1)):
        gone += more
    assert gone == 6


def test_prune_is_a_batch_at_a_time() -> None:
    stored(3, "a@example.com")
    assert retention.Pruning(limits(messages=2)).batch() == 1


def _recorded(number: int) -> None:
    async def one_by_one(recorder: Recorder) -> None:
        for _ in range(number):
            await one_message(recorder)

    play(one_by_one)


def _imported(number: int) -> None:
    for _ in range(number):
        factories.imported()


@pytest.mark.parametrize("come", [_recorded, _imported])
def test_the_oldest_go_whether_they_are_indexed_or_not(
    come: Callable[[int], None],
) -> None:
    come(6)
    assert len(indexer.index_some(2)) == 2
    newest = list(Message.objects.order_by("-id").values_list("id", flat=True)[:3])
    prune(limits(messages=3))
    assert list(Message.objects.order_by("-id").values_list("id", flat=True)) == newest
