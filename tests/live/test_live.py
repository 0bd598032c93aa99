"""The websocket's frames, from what the recorder committed to what a client reads."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from inbox import serializers
from inbox.capture.rows import (
    ExchangeRow,
    MessageRow,
    SessionChanges,
    SessionRow,
    TransactionRow,
)
from inbox.live import consumer as consuming
from inbox.live.feed import INTERVAL, Feed
from inbox.mailbox.signals import MessageDeleted
from mailsink.ids import uuid7
from tests.live.clients import Client

pytestmark = pytest.mark.usefixtures("layer", "slugs")


def session_row(**fields: Any) -> SessionRow:
    return SessionRow(
        **{
            "id": uuid7(),
            "server_id": uuid7(),
            "listener": "127.0.0.1:1025",
            "client_address": "127.0.0.1",
            "client_port": 40000,
            "protocol": "ESMTP",
            "opened_at": datetime(2026, 11, 22, 12, tzinfo=UTC),
            "inbox_id": 1,
        }
        | fields
    )


def message_row(session: SessionRow | None = None, **fields: Any) -> MessageRow:
    transaction = TransactionRow(
        uuid7(), (session or session_row()).id, 1, "ann@example.com", "", 10, code=250
    )
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    given = {"inbox_id": 1, "received_at": now, "size": 100, "subject": "Hello"}
    return MessageRow(uuid7(), transaction, **given | fields)


def exchange_row(session: UUID, seq: int, **fields: Any) -> ExchangeRow:
    return ExchangeRow(session, seq, "command", "EHLO", "EHLO x", 8, 100, **fields)


def events(frame: dict[str, Any]) -> list[tuple[str, str]]:
    assert frame["type"] == "batch"
    return [(each["event"], each.get("id", "")) for each in frame["events"]]


async def test_hello_works(feed: Feed) -> None:
    client = Client()
    hello = await client.greet()
    assert hello.keys() == {"type", "version", "server"}
    assert hello["type"] == "hello"
    assert hello["version"] == 1
    assert UUID(hello["server"])
    await client.disconnect()


async def test_message_created(client: Client, feed: Feed) -> None:
    assert await client.ask(type="subscribe", to="messages") == {
        "type": "subscribed",
        "to": "messages",
    }
    row = message_row()
    feed.committed(SessionChanges(messages_created=[row]))
    assert await client.next() == {
        "type": "batch",
        "seq": 1,
        "to": "messages",
        "events": [{"event": "message.created", **serializers.message(row)}],
    }


async def test_nothing_without_subscription(client: Client, feed: Feed) -> None:
    await client.ask(type="subscribe", to="sessions")
    await client.ask(type="subscribe", to="messages")
    await client.say(type="unsubscribe", to="messages")
    await client.silence()
    feed.committed(SessionChanges(messages_created=[message_row()]))
    row = session_row()
    feed.committed(SessionChanges(sessions_opened=[row]))
    assert events(await client.next()) == [("session.opened", str(row.id))]


async def test_inbox_narrows(client: Client, feed: Feed) -> None:
    assert await client.ask(type="subscribe", to="messages", inbox="other") == {
        "type": "subscribed",
        "to": "messages",
        "inbox": "other",
    }
    theirs = message_row(inbox_id=2)
    feed.committed(SessionChanges(messages_created=[message_row(), theirs]))
    frame = await client.next()
    assert frame["inbox"] == "other"
    assert events(frame) == [("message.created", str(theirs.id))]


async def test_session_grows_line_by_line(client: Client, feed: Feed) -> None:
    row = session_row()
    topic = f"session:{row.id}"
    await client.ask(type="subscribe", to=topic)
    line = exchange_row(row.id, 1)
    other = exchange_row(uuid7(), 1)
    feed.committed(
        SessionChanges(sessions_opened=[row], exchanges_created=[line, other])
    )
    frame = await client.next()
    assert frame["to"] == topic
    assert frame["events"] == [
        {"event": "session.opened", **serializers.session(row)},
        {"event": "exchange.created", **serializers.exchange(line)},
    ]
    line.code, line.reply = 250, "250-here\n250 SIZE"
    row.ending = "quit"
    feed.committed(SessionChanges(exchanges_updated=[line], sessions_closed=[row]))
    told = (await client.next())["events"]
    assert [each["event"] for each in told] == ["exchange.updated", "session.closed"]
    assert told[0]["reply"] == ["250-here", "250 SIZE"]
    assert told[1]["ending"] == "quit"


async def test_a_frame_at_once_then_the_next_joins(client: Client, feed: Feed) -> None:
    await client.ask(type="subscribe", to="messages")
    rows = [message_row() for _ in range(4)]
    feed.committed(SessionChanges(messages_created=rows[:1]))
    assert len((await client.next())["events"]) == 1
    first = feed._last
    for row in rows[1:]:
        feed.committed(SessionChanges(messages_created=[row]))
    assert events(await client.next()) == [
        ("message.created", str(row.id)) for row in rows[1:]
    ]
    assert feed._last - first >= INTERVAL


async def test_deleted_is_told_from_another_thread(client: Client, feed: Feed) -> None:
    await client.ask(type="subscribe", to="messages")
    gone = uuid7()
    await asyncio.to_thread(feed.announce, [MessageDeleted(gone, 1)])
    assert (await client.next())["events"] == [
        {"event": "message.deleted", "id": str(gone), "inbox": "default"}
    ]


async def test_unacked_client_costs_two_frames_and_a_resync(
    client: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "MAX_WAITING", 2000)
    await client.ask(type="subscribe", to="messages")
    for _ in range(2):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        assert (await client.next())["type"] == "batch"
    for _ in range(10):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        await client.silence()
    while feed._task:
        await feed._task
    await client.silence()
    assert await client.ask(type="ack", seq=2) == {"type": "resync", "to": "messages"}
    await client.silence()
    row = message_row()
    feed.committed(SessionChanges(messages_created=[row]))
    frame = await client.next()
    assert frame["seq"] == 3
    assert events(frame) == [("message.created", str(row.id))]


async def test_what_waited_a_little_is_sent_after_the_ack(
    client: Client, feed: Feed
) -> None:
    await client.ask(type="subscribe", to="messages")
    for _ in range(2):
        feed.committed(SessionChanges(messages_created=[message_row()]))
        await client.next()
    rows = [message_row(), message_row()]
    feed.committed(SessionChanges(messages_created=rows))
    while feed._task:
        await feed._task
    await client.silence()
    frame = await client.ask(type="ack", seq=1)
    assert frame["seq"] == 3
    assert events(frame) == [("message.created", str(row.id)) for row in rows]


async def test_large_frames_are_split(client: Client, feed: Feed) -> None:
    await client.ask(type="subscribe", to="messages")
    rows = [message_row(subject="x" * 60_000) for _ in range(10)]
    feed.committed(SessionChanges(messages_created=rows))
    told: list[tuple[str, str]] = []
    while len(told) < 10:
        frame = await client.next()
        assert len(json.dumps(frame)) < 300 * 1024
        told += events(frame)
        await client.say(type="ack", seq=frame["seq"])
    assert told == [("message.created", str(row.id)) for row in rows]


@pytest.mark.parametrize(
    ("frame", "detail"),
    [
        ("", "JSON"),
        ("[", "JSON"),
        ("[" * 4000, "JSON"),
        ("7", "object"),
        ('{"type": "x"}', '"type" is'),
        ('{"type": []}', '"type" is'),
        ('{"type": "subscribe"}', '"to" is'),
        ('{"type": "subscribe", "to": ["messages"]}', '"to" is'),
        ('{"type": "subscribe", "to": "session:1"}', "session's id"),
        ('{"type": "subscribe", "to": "messages", "inbox": "a b"}', "slug"),
        ('{"type": "subscribe", "to": "messages", "inbox": 7}', "slug"),
        ('{"type": "ack", "seq": "1"}', '"seq"'),
        ('{"type": "ack", "seq": true}', '"seq"'),
        ('{"type": "ack", "seq": 1}', "no batch 1"),
        ('{"type": "ack", "seq": -1}', "no batch"),
        (" " * 5000, "4096"),
    ],
)
async def test_bad_frames(client: Client, frame: str, detail: str) -> None:
    await client.send_input({"type": "websocket.receive", "text": frame})
    answer = await client.next()
    assert answer.keys() == {"type", "detail"}
    assert answer["type"] == "error"
    assert detail in answer["detail"]


async def test_binary_frames_are_refused(client: Client) -> None:
    await client.send_to(bytes_data=b"{}")
    assert "binary" in (await client.next())["detail"]


async def test_so_many_topics_and_no_more(client: Client) -> None:
    for _ in range(consuming.MAX_TOPICS):
        answer = await client.ask(type="subscribe", to=f"session:{uuid7()}")
        assert answer["type"] == "subscribed"
    answer = await client.ask(type="subscribe", to="messages")
    assert "at most 50" in answer["detail"]


async def test_flood_of_commands_ends_the_connection(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "RATE", 0)  # however long a busy machine takes
    for _ in range(consuming.BURST + 100):
        await client.send_to(text_data="x")
    while (output := await client.receive_output())["type"] != "websocket.close":
        assert "error" in output["text"]
    assert output["code"] == 1008


async def test_flood_of_acknowledgements_ends_the_connection(
    client: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "RATE", 0)
    await client.ask(type="subscribe", to="messages")
    feed.committed(SessionChanges(messages_created=[message_row()]))
    seq = (await client.next())["seq"]
    for _ in range(consuming.BURST + 100):
        await client.say(type="ack", seq=seq)
    output = await client.receive_output()
    assert (output["type"], output["code"]) == ("websocket.close", 1008)
