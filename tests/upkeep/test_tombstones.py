"""What is left of messages that were removed for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.mailbox import purge, sessions, tombstones
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Inbox, Message, Recipient, Tombstone
from inbox.storage.write_lock import ROWS_IN_A_TURN
from inbox.upkeep import retention
from mailsink.ids import first_at
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = retention.RetentionLimits(messages=0, sessions=0, days=0, trash_hours=0)


def prune(**some: int) -> None:
    limits = retention.RetentionLimits(
        **({"messages": 0, "sessions": 0, "days": 0, "trash_hours": 0} | some)
    )
    while retention.Pruning(limits).batch():
        pass


def test_retention_leaves_one_for_each_recipient_that_was_taken() -> None:
    gone = factories.message(recipients=["Ann@Example.com", "bob@example.com"])
    Recipient.objects.create(
        transaction=gone.transaction,
        seq=3,
        forward_path="no@example.com",
        rcpt_code=550,
    )
    Recipient.objects.create(
        transaction=gone.transaction, seq=4, forward_path="late@example.com",
        rcpt_code=250, final_code=452,
    )  # fmt: skip
    kept = factories.message(recipients=["ann@example.com"])

    prune(messages=1)

    assert list(Message.objects.all()) == [kept]
    left = Tombstone.objects.order_by("address")
    assert [each.address for each in left] == ["ann@example.com", "bob@example.com"]
    [stone] = tombstones.find(ALL, "ANN@example.COM", 10)
    assert (stone.message, stone.subject) == (gone.pk, "Your invoice")
    assert (stone.cause, stone.deleted_at) == ("count", None)
    assert stone.transaction == gone.transaction_id
    assert abs(datetime.now(UTC) - stone.removed_at) < timedelta(minutes=1)


def test_the_cause_is_told() -> None:
    now = datetime.now(UTC)
    deleted_at = now - timedelta(hours=30)
    factories.message(recipients=["trash@example.com"], deleted_at=deleted_at)
    old = factories.message(recipients=["age@example.com"])
    long_ago = now - timedelta(days=9)
    Message.objects.filter(pk=old.pk).update(
        id=first_at(long_ago.timestamp()), received_at=long_ago
    )
    prune(trash_hours=24, days=7)
    [trash] = tombstones.find(ALL, "trash@example.com", 10)
    assert (trash.cause, trash.deleted_at) == ("deleted", deleted_at)
    [age] = tombstones.find(ALL, "age@example.com", 10)
    assert age.cause == "age"


def test_deleting_a_session_leaves_those_of_its_trash() -> None:
    session = factories.session(ending="quit")
    for _ in range(3):
        factories.message(session=session, deleted_at=datetime.now(UTC))
    sessions.delete(ALL, session.pk)
    assert [each.cause for each in tombstones.find(ALL, "bob@example.com", 10)] == [
        "session"
    ] * 3


def test_the_newest_come_first_within_the_scope() -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    first = factories.message()
    second = factories.message()
    factories.message(inbox=other)
    purge.purge(Message.objects.all(), "count")
    allowed = Scope(frozenset({first.inbox_id}))
    found = tombstones.find(allowed, "bob@example.com", 10)
    assert [each.message for each in found] == [second.pk, first.pk]
    assert len(tombstones.find(ALL, "bob@example.com", 2)) == 2


def test_a_message_to_very_many_is_purged_in_turns() -> None:
    many = [f"u{number}@example.com" for number in range(3 * ROWS_IN_A_TURN)]
    crowd = factories.message(recipients=many)
    crowd.transaction.recipients_accepted = len(many)
    crowd.transaction.save()
    factories.message()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert purge.purge(Message.objects.order_by("id"), "count") == 1
    assert Tombstone.objects.count() == len(many)
    assert Message.objects.count() == 1
    begun = [each for each in queries if each["sql"].startswith("BEGIN")]
    assert len(begun) >= 3 or connection.vendor != "sqlite"


def test_tombstones_stand_for_thirty_days_and_bounded_in_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(5):
        factories.message()
    purge.purge(Message.objects.all(), "count")
    oldest = Tombstone.objects.order_by("id").first()
    assert oldest
    past = datetime.now(UTC) - timedelta(days=tombstones.DAYS, minutes=1)
    Tombstone.objects.filter(pk=oldest.pk).update(removed_at=past)
    assert retention.Pruning(NOTHING).batch() == 1
    assert Tombstone.objects.count() == 4
    monkeypatch.setattr(tombstones, "MOST", 2)
    assert retention.Pruning(NOTHING).batch() == 2
    assert Tombstone.objects.count() == 2


def test_a_hostile_address_and_subject_are_kept_short() -> None:
    # LOWER of İ is two characters: cut afterwards, or no column takes it
    factories.message(
        recipients=["İ" * 12_000 + "@example.com"],
        body=b"Subject: " + b"x" * 5000 + b"\r\n\r\n",
    )
    assert purge.purge(Message.objects.all(), "count") == 1
    [stone] = Tombstone.objects.all()
    assert len(stone.address) == 256
    assert len(stone.subject) == 200
