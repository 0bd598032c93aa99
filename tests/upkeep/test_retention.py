from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from inbox.mailbox import purge, tombstones
from inbox.models import (
    Exchange,
    Message,
    MessageRead,
    Raw,
    Recipient,
    Session,
    Tombstone,
    Transaction,
)
from inbox.storage import body_store
from inbox.storage.write_lock import ROWS_IN_A_TURN
from inbox.upkeep import removal_plan, retention
from mailsink.ids import first_at, uuid7
from mailsink.ports import Refused, Stored
from tests import factories
from tests.recording import Client, body, one_message, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

NO_LIMITS = retention.RetentionLimits(messages=0, sessions=0, days=0, trash_hours=0)


def limits(**some: int) -> retention.RetentionLimits:
    return retention.RetentionLimits(
        **({"messages": 0, "sessions": 0, "days": 0, "trash_hours": 0} | some)
    )


def prune(limits: retention.RetentionLimits) -> int:
    """Prune until nothing more goes, batch by batch; return the number of batches."""
    batches = 0
    while gone := retention.Pruning(limits).batch():
        assert gone <= ROWS_IN_A_TURN
        batches += 1
    return batches


def messages(number: int) -> list[Message]:
    async def many(recorder: Any) -> None:
        for _ in range(number):
            assert isinstance(await one_message(recorder), Stored)

    play(many)
    return list(Message.objects.order_by("id"))


def test_it_keeps_the_newest_messages_and_those_pinned() -> None:
    oldest, *_, newest = messages(6)
    Message.objects.filter(id=oldest.id).update(pinned=True)
    MessageRead.objects.create(message_id=newest.id)

    prune(limits(messages=2))

    left = list(Message.objects.order_by("id").values_list("id", flat=True))
    assert left[0] == oldest.id
    assert left[-1] == newest.id
    assert len(left) == 3
    assert Raw.objects.count() == 3
    assert Transaction.objects.count() == Session.objects.count() == 6


def test_no_more_is_read_than_goes_in_a_turn() -> None:
    messages(3)
    with CaptureQueriesContext(connection) as queries:
        assert retention.Pruning(limits(messages=1)).batch() == 2
    read = [each["sql"] for each in queries if each["sql"].startswith("SELECT")]
    assert read
    for sql in read:
        assert "LIMIT" in sql or " IN (" in sql


def test_nothing_goes_without_limits() -> None:
    messages(3)
    Message.objects.update(deleted_at=datetime.now(UTC) - timedelta(days=400))
    assert prune(NO_LIMITS) == 0
    assert Message.objects.count() == 3


def test_messages_go_after_their_days() -> None:
    old, new = messages(2)
    long_ago = datetime.now(UTC) - timedelta(days=8)
    early = first_at(long_ago.timestamp())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_message SET received_at = received_at")
    Message.objects.filter(id=old.id).update(id=early, received_at=long_ago)

    prune(limits(days=7))

    assert list(Message.objects.values_list("id", flat=True)) == [new.id]


def test_the_trash_is_emptied_after_its_hours() -> None:
    first, second, third = messages(3)
    now = datetime.now(UTC)
    Message.objects.filter(id=first.id).update(deleted_at=now - timedelta(hours=25))
    Message.objects.filter(id=second.id).update(deleted_at=now - timedelta(hours=23))

    prune(limits(trash_hours=24))

    assert {each.id for each in Message.objects.all()} == {second.id, third.id}


def test_sessions_without_a_stored_message_go_beyond_their_number() -> None:
    async def refused(recorder: Any) -> None:
        client = Client(recorder)
        client.envelope()
        client.end("rejected", body(b"no"))
        client.close()

    async def one_by_one(recorder: Any) -> None:
        for scenario in (refused, one_message, refused, refused):
            await scenario(recorder)

    play(one_by_one)

    prune(limits(sessions=1))

    assert Message.objects.count() == 1
    assert Session.objects.count() == 2
    assert Transaction.objects.count() == Raw.objects.count() == 2
    assert Recipient.objects.count() == 4
    assert set(Exchange.objects.values_list("session_id", flat=True)) == set(
        Session.objects.values_list("id", flat=True)
    )


def test_a_long_session_goes_turn_by_turn() -> None:
    async def long(recorder: Any) -> None:
        client = Client(recorder)
        for _ in range(60):
            client.envelope()
            client.end("rejected", body(b"no"))
        for _ in range(900):
            client.exchange("command", "NOOP", "NOOP", 250)
        client.close()
        await one_message(recorder)

    async def later(recorder: Any) -> None:
        client = Client(recorder)
        client.close()

    play(long)
    play(later)

    assert prune(limits(sessions=1)) >= 3
    assert Session.objects.count() == 2
    assert Message.objects.count() == 1


def test_a_long_session_counts_as_several() -> None:
    lines = (1, 250, 5, 250)
    made = [factories.session(ending="quit", exchanges=each).pk for each in lines]
    for limit, kept in ((8, made), (5, made[1:]), (4, made[2:]), (3, made[3:]), (1, made[3:])):  # fmt: skip
        while prune(limits(sessions=limit)):
            pass
        assert list(Session.objects.order_by("pk").values_list("pk", flat=True)) == kept


def test_each_kind_has_its_turn_while_there_are_messages_to_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tombstones, "MOST", 0)
    idle = [factories.session(ending="quit").pk for _ in range(3)]
    messages(5)
    # Each of them is a turn.
    Transaction.objects.update(recipients_accepted=ROWS_IN_A_TURN)
    pruning = retention.Pruning(limits(messages=1, sessions=1))
    for _ in range(4):
        assert pruning.batch()
    assert Message.objects.count() == 3
    assert not Session.objects.filter(pk__in=idle).exists()
    assert Tombstone.objects.count() == 1  # of the message that went after their turn


def test_a_kind_that_fails_keeps_no_other_from_its_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = _Clock()
    monkeypatch.setattr(retention, "time", clock)
    messages(2)
    idle = [factories.session(ending="quit").pk for _ in range(3)]
    failing = True

    def fails(*_: object) -> list[object]:
        if failing:
            raise DatabaseError("the first kind is broken")
        return []

    monkeypatch.setattr(retention, "pools", fails)
    monkeypatch.setattr(retention.label_inboxes, "expire", lambda: 1 // (not failing))
    pruning = retention.Pruning(limits(messages=1, sessions=1))
    assert pruning.batch() == 2
    assert not Session.objects.filter(pk__in=idle[:2]).exists()
    for _ in range(3):
        clock.now += 10
        assert not pruning.batch()
    assert caplog.text.count("the first kind is broken") == 1
    assert caplog.text.count("ZeroDivisionError") == 1
    assert pruning.trouble() == (
        "a part of retention fails with an error, which is in the log"
    )
    failing = False
    clock.now += 10
    assert pruning.batch()
    failing = True
    clock.now += 10
    assert not pruning.batch()
    assert caplog.text.count("the first kind is broken") == 2


def test_a_kind_without_room_keeps_no_other_from_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    idle = [factories.session(ending="quit").pk for _ in range(3)]

    def fails(*_: object) -> list[object]:
        raise OSError(errno.ENOSPC, "the disk is full")

    monkeypatch.setattr(retention, "pools", fails)
    pruning = retention.Pruning(limits(messages=1, sessions=1))
    with pytest.raises(OSError, match="full"):
        pruning.batch()  # which is called once more, with room
    assert pruning.batch()
    assert not Session.objects.filter(pk__in=idle[:2]).exists()
    assert pruning.trouble() == ""


class _Clock:
    """Stands where `time` is read."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_it_looks_seldom_where_there_is_nothing_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = _Clock()
    monkeypatch.setattr(retention, "time", clock)
    pruning = retention.Pruning(limits(sessions=1, trash_hours=1))

    def rests(number: int) -> list[float]:
        found = []
        for _ in range(number):
            assert not pruning.batch()
            found.append(pruning.rest)
            clock.now += pruning.rest
        return found

    assert rests(8) == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    long_ago = datetime.now(UTC) - timedelta(days=1)
    factories.message(deleted_at=long_ago)
    assert pruning.batch() == 1
    assert rests(2) == [0.25, 0.5]


def test_a_plan_is_not_made_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks = _Clock(), []
    monkeypatch.setattr(removal_plan, "time", clock)
    plan = removal_plan.RemovalPlan()

    def find() -> removal_plan.Found:
        looks.append(clock.now)
        clock.now += 1
        return removal_plan.Found([(uuid7(), 1)], has_more=len(looks) == 1)

    going = iter([1, 0] * 3)
    for _ in range(4):
        plan.turn(find, lambda ids: next(going, 0))
    assert looks == [100, 101]
    clock.now += 1 / removal_plan.SHARE
    assert plan.turn(find, lambda ids: len(ids)) == 1


def test_a_live_session_never_goes() -> None:
    async def sits(recorder: Any) -> None:
        Client(recorder)

    async def closes(recorder: Any) -> None:
        Client(recorder).close()

    play(sits, closes, closes, closes)
    prune(limits(sessions=1))
    assert Session.objects.filter(ending=None).count() == 1
    assert Session.objects.exclude(ending=None).count() == 1


def test_the_files_of_purged_bodies_go_too_and_orphans_are_swept(
    tmp_path: Path, settings: Any
) -> None:
    settings.STORAGES = settings.STORAGES | {
        "raw": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "raw"},
        }
    }
    [message] = messages(1)
    spooled = tmp_path / "spooled"
    spooled.write_bytes(b"large")
    key = body_store.adopt(spooled, message.transaction_id)
    Raw.objects.update(key=key, content=None)
    orphan = tmp_path / "raw" / "ff" / "orphan"
    orphan.parent.mkdir(exist_ok=True)
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    for path in (orphan, tmp_path / "raw" / key, tmp_path / "left.over"):
        path.write_bytes(b"large")
        import os

        os.utime(path, (old, old))

    retention.sweep(tmp_path)
    assert not orphan.exists()
    assert not (tmp_path / "left.over").exists()
    assert body_store.open_raw(message.transaction_id) == b"large"

    purge.purge(Message.objects.all(), "count")
    assert not (tmp_path / "raw" / key).exists()


def test_refusals_of_the_recorder_leave_nothing_to_prune() -> None:
    async def unknown(recorder: Any) -> Stored | Refused:
        client = Client(recorder)
        client.envelope()
        client.close()
        return await client.send()

    [answer] = play(unknown)
    assert isinstance(answer, Refused)
    assert not Message.objects.exists()
