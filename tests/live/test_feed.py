"""The feed beside a real database; and what it does when something gets lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from inbox import serializers
from inbox.capture.batch import Batch
from inbox.capture.rows import SessionChanges
from inbox.live import feed as feeding
from inbox.live import protocol
from inbox.live.feed import Feed, parts
from inbox.mailbox import marking, transactions, trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.mailbox.signals import (
    MessageDeleted,
    MessageImported,
    MessageUpdated,
    announce,
)
from tests import factories
from tests.live.clients import PATIENCE, Client
from tests.live.test_live import events, message_row, session_row
from tests.mails import INVOICE

in_database = pytest.mark.django_db(transaction=True)


def in_thread(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call what uses the database, as a request's thread would."""
    return database_sync_to_async(function)(*arguments, **named)


@in_database
@pytest.mark.usefixtures("layer")
async def test_what_services_change_is_told(client: Client) -> None:
    message = await in_thread(factories.message)
    await client.ask(type="subscribe", to="messages")
    await client.ask(type="subscribe", to="messages", inbox="default")

    async def told() -> dict[str, Any]:
        frames = [await client.next(), await client.next()]
        assert frames[0]["events"] == frames[1]["events"]
        await client.say(type="ack", seq=frames[1]["seq"])
        event = frames[0]["events"][0]
        assert isinstance(event, dict)
        return event

    changed = await in_thread(
        marking.update, ALL, message.pk, read=True, pinned=True, tags=["red"]
    )
    expected = {
        "event": "message.updated",
        **await in_thread(serializers.message, changed),
    }
    assert await told() == expected
    assert (expected["read"], expected["pinned"], expected["tags"]) == (
        True, True, ["red"],
    )  # fmt: skip
    await in_thread(trash.delete, ALL, Selection((message.pk,)))
    gone = {"id": str(message.pk), "inbox": "default"}
    assert await told() == {"event": "message.deleted", **gone}
    restored = await in_thread(trash.restore, ALL, message.pk)
    assert await told() == {
        "event": "message.created",
        **await in_thread(serializers.message, restored),
    }
    await in_thread(announce, [MessageUpdated(message.pk)])
    assert (await told())["event"] == "message.updated"


@in_database
@pytest.mark.usefixtures("memory_layer")
async def test_a_change_does_not_undo_that_a_message_came_or_went(
    client: Client, feed: Feed
) -> None:
    """All within one frame, as when a message is indexed as soon as it is imported."""
    imported = await in_thread(factories.imported)
    gone = await in_thread(factories.message)
    updated = await in_thread(factories.message)
    await client.ask(type="subscribe", to="messages")
    feed._take([MessageImported(imported.pk)])
    feed._take([MessageDeleted(gone.pk, gone.inbox_id)])
    feed._take([MessageUpdated(e.pk) for e in (imported, gone, updated)])
    frame = await client.next()
    assert {each["id"]: each["event"] for each in frame["events"]} == {
        str(imported.pk): "message.created",
        str(gone.pk): "message.deleted",
        str(updated.pk): "message.updated",
    }


@in_database
@pytest.mark.usefixtures("layer")
async def test_what_was_not_accepted_is_told(client: Client, feed: Feed) -> None:
    row = await in_thread(
        factories.transaction, body=INVOICE, recipients=["bob@example.com"]
    )
    await client.ask(type="subscribe", to="messages")
    feed.committed(SessionChanges(transactions_not_accepted=[row]))
    attempt = await in_thread(transactions.get, ALL, row.pk)
    event = (await client.next())["events"][0]
    assert event == {
        "event": "transaction.ended",
        **await in_thread(serializers.transaction, attempt),
    }
    assert event["subject"] == "Your invoice"


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_nothing_is_done_where_nobody_watches(feed: Feed) -> None:
    client = Client()
    await client.greet()
    with patch.object(serializers, "message", side_effect=AssertionError):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        assert feed._task is None
        await client.ask(type="subscribe", to="sessions")
        feed.committed(SessionChanges(messages_created=[message_row()]))
        await feed._task
    await client.silence()
    await client.disconnect()


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_what_the_layer_dropped_is_made_up_for(
    client: Client, feed: Feed
) -> None:
    await client.ask(type="subscribe", to="messages")
    await client.ask(type="subscribe", to="sessions")
    feed.committed(SessionChanges(messages_created=[message_row()]))
    assert (await client.next())["seq"] == 1
    layer = get_channel_layer()
    dropped: list[str] = []

    async def drop(group: str, frame: dict[str, Any]) -> None:
        dropped.append(group)

    with patch.object(layer, "group_send", drop):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        await feed._task
    assert dropped == ["live.messages"]
    feed.committed(SessionChanges(messages_created=[message_row()]))
    resyncs = [await client.next(), await client.next()]
    assert {each["type"] for each in resyncs} == {"resync"}
    assert {each["to"] for each in resyncs} == {"messages", "sessions"}


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_a_layer_out_of_reach_is_made_up_for(
    client: Client,
    feed: Feed,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(feeding, "_REST", 0.01)
    await client.ask(type="subscribe", to="messages")
    failed = asyncio.Event()

    async def fail(group: str, frame: dict[str, Any]) -> None:
        failed.set()
        raise ConnectionError("no Redis")

    layer = get_channel_layer()
    with patch.object(layer, "group_send", fail):
        for _ in range(3):
            feed.committed(SessionChanges(messages_created=[message_row()]))
            await failed.wait()
            failed.clear()
    assert await client.next() == {"type": "resync", "to": "messages"}
    assert caplog.text.count("The live feed reaches no viewers: no Redis") == 1
    row = message_row()
    feed.committed(SessionChanges(messages_created=[row]))
    assert events(await client.next()) == [("message.created", str(row.id))]


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_the_lag_is_that_of_the_oldest_event_that_waits(
    client: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "_REST", 0)
    await client.ask(type="subscribe", to="messages")
    assert feed.lag == 0
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def hang(group: str, frame: dict[str, Any]) -> None:
        begun.set()
        await goes_on.wait()
        raise ConnectionError("no Redis")

    with patch.object(get_channel_layer(), "group_send", hang):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        assert feed.lag > 0  # it waits for its frame
        await begun.wait()
        lag = feed.lag
        assert lag > 0  # the frame is being sent
        task = feed._task
        goes_on.set()
        begun.clear()
        await begun.wait()
        assert feed.lag > lag  # it was not, so that viewers wait on
    await task
    assert feed.lag == 0
    await client.next()


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_too_much_at_once_is_a_resync(
    client: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "MAX_PENDING", 5)
    await client.ask(type="subscribe", to="messages")
    feed.committed(SessionChanges(messages_created=[message_row() for _ in range(6)]))
    assert await client.next() == {"type": "resync", "to": "messages"}
    await client.silence()


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_a_frame_that_is_too_long_is_a_resync(
    client: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = message_row()
    most = 3 * len(json.dumps(serializers.message(row)))
    monkeypatch.setattr(feeding, "MAX_FRAME", most)
    await client.ask(type="subscribe", to="messages")
    feed.committed(SessionChanges(messages_created=[message_row() for _ in range(9)]))
    assert 2 <= len((await client.next())["events"]) <= 4
    assert await client.next() == {"type": "resync", "to": "messages"}


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_the_next_is_told_once_the_last_have_had_their_time(
    client: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "PER_VIEWER", 0.3)
    await client.ask(type="subscribe", to="messages")
    began = time.monotonic()
    for row in (message_row(), message_row()):
        feed.committed(SessionChanges(messages_created=[row]))
        assert events(await client.next()) == [("message.created", str(row.id))]
    assert time.monotonic() - began >= 0.3


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_no_topic_starves_another(client: Client, feed: Feed) -> None:
    rows = [session_row() for _ in range(4)]
    topics = ["sessions", *(f"session:{row.id}" for row in rows)]
    for topic in topics:
        await client.ask(type="subscribe", to=topic)
    seen: set[str] = set()
    for _ in range(2 * len(topics)):
        # All topics have something to send, whenever there is room for one batch.
        feed.committed(SessionChanges(sessions_updated=rows))
        await feed._task
        frame = await client.next()
        seen.add(frame["to"])
        await client.say(type="ack", seq=frame["seq"])
    assert seen == set(topics)


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_nothing_says_that_a_session_ended_before_its_last_lines_are_stored(
    client: Client, feed: Feed
) -> None:
    await client.ask(type="subscribe", to="sessions")
    row = session_row()
    batch = Batch()
    batch.sessions.change(row)
    # It ends while the batch is committed: its last lines are in the next.
    row.ending = "quit"
    changes = batch.changes()
    assert changes.sessions_updated == changes.sessions_closed == []
    row.ending = None
    feed.committed(batch.changes())
    row.ending = "quit"
    await feed._task
    batch = Batch()
    batch.sessions.change(row)
    batch.closed.append(row)
    feed.committed(batch.changes())
    assert events(await client.next()) == [("session.closed", str(row.id))]


def test_parts_hold_everything_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "MAX_PART", 10)
    assert list(parts(["1234", "56", "78901234567", "8", "9"])) == [
        "1234,56", "78901234567", "8,9",
    ]  # fmt: skip
    assert list(parts([])) == []


@pytest.mark.usefixtures("layer", "slugs")
async def test_those_who_wait_are_told_what_arrived(feed: Feed) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(protocol.ARRIVALS, channel)
    row = message_row()
    feed.committed(SessionChanges(messages_created=[row]))
    async with asyncio.timeout(PATIENCE):
        told = await layer.receive(channel)
    assert told["ids"] == [str(row.id)]
    await layer.group_discard(protocol.ARRIVALS, channel)


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_two_thousand_messages_a_second_cost_little(
    client: Client, feed: Feed
) -> None:
    """A second's worth of messages is told in far less than a second."""
    await client.ask(type="subscribe", to="messages")
    changes = SessionChanges(messages_created=[message_row() for _ in range(2000)])
    began = time.process_time()
    feed.committed(changes)
    await feed._task
    assert time.process_time() - began < 0.3


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_waiters_that_cannot_be_told_look_again(
    client: Client, feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    await client.ask(type="subscribe", to="messages")
    layer = get_channel_layer()
    await layer.group_add(protocol.ARRIVALS, await layer.new_channel())
    send = layer.group_send

    async def fail(group: str, frame: dict[str, Any]) -> None:
        if group == protocol.ARRIVALS:
            raise ConnectionError("no Redis")
        await send(group, frame)

    with patch.object(layer, "group_send", fail):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        told = await client.next()
        while told["type"] != "resync":
            told = await client.next()
    assert caplog.text.count("The live feed reaches no viewers: no Redis") == 1
