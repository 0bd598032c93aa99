"""GET /api/v3/events: the live feed as server-sent events, which go on after a gap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient
from django.test import Client as Browser

from inbox import serializers
from inbox.api.v3 import events as api_events
from inbox.capture.rows import SessionChanges
from inbox.live import event_log, protocol
from inbox.live.event_log import EventLogs
from inbox.live.feed import Feed
from tests import factories
from tests.live.clients import PATIENCE
from tests.live.out_of_reach import OutOfReach
from tests.live.test_live import exchange_row, message_row, session_row

pytestmark = pytest.mark.usefixtures("layer", "slugs")


@pytest.fixture(autouse=True)
async def logs(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EventLogs]:
    made = EventLogs()
    monkeypatch.setattr(api_events, "logs", made)
    yield made
    made.stop()


class Stream:
    """A client that reads events."""

    def __init__(self, query: str = "to=messages", last: str = "") -> None:
        self._query, self._last = query, last
        self._text = ""
        self.id = ""

    async def __aenter__(self) -> Stream:
        headers = {"Last-Event-ID": self._last} if self._last else {}
        url = f"/api/v3/events?{self._query}"
        self.answer = await AsyncClient().get(url, headers=headers)
        assert self.answer["Content-Type"] == "text/event-stream"
        self._pieces = aiter(self.answer)  # type: ignore[arg-type]
        kind, _ = await self.next()
        assert kind == "subscribed"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pieces.aclose()  # type: ignore[attr-defined]

    async def next(self) -> tuple[str, Any]:
        """Return the kind and the data of the next event."""
        async with asyncio.timeout(PATIENCE):
            while "\n\n" not in self._text:
                self._text += (await anext(self._pieces)).decode()
        event, _, self._text = self._text.partition("\n\n")
        fields = dict(each.split(": ", 1) for each in event.split("\n"))
        if "id" not in fields:
            return "", None
        self.id = fields["id"]
        return fields["event"], json.loads(fields["data"])


def commit(feed: Feed, subject: str) -> None:
    feed.committed(SessionChanges(messages_created=[message_row(subject=subject)]))


async def subjects(stream: Stream, count: int) -> list[str]:
    return [(await stream.next())[1]["subject"] for _ in range(count)]


async def test_an_event_has_its_kind_its_object_and_an_id(feed: Feed) -> None:
    row = message_row()
    async with Stream() as stream:
        first = stream.id
        feed.committed(SessionChanges(messages_created=[row]))
        event = {"event": "message.created", **serializers.message(row)}
        assert await stream.next() == ("message.created", event)
        assert stream.id.partition("-")[0] == first.partition("-")[0]
        assert int(stream.id.partition("-")[2]) == int(first.partition("-")[2]) + 1


async def test_the_lines_of_a_session(feed: Feed) -> None:
    row = session_row()
    async with Stream(f"to=session:{row.id}") as stream:
        feed.committed(SessionChanges(exchanges_created=[exchange_row(row.id, 1)]))
        kind, line = await stream.next()
    assert (kind, line["verb"]) == ("exchange.created", "EHLO")


async def test_goes_on_after_a_gap(feed: Feed) -> None:
    async with Stream() as stream:
        commit(feed, "seen")
        assert await subjects(stream, 1) == ["seen"]
    commit(feed, "missed")
    async with Stream(last=stream.id) as again:
        commit(feed, "new")
        assert await subjects(again, 2) == ["missed", "new"]
        parameter = f"last_event_id={stream.id}"
        async with Stream(f"to=messages&{parameter}") as third:
            assert await subjects(third, 2) == ["missed", "new"]


@pytest.mark.parametrize(
    "last", ["abcdefabcdef-1", "nonsense", "-", "\u0661-\u0661"], ids=repr
)
async def test_an_unknown_place_is_a_resync(feed: Feed, last: str) -> None:
    parameter = f"to=messages&last_event_id={last}"
    async with Stream(parameter) as stream:
        assert await stream.next() == ("resync", {"type": "resync", "to": "messages"})
        commit(feed, "new")
        assert await subjects(stream, 1) == ["new"]


async def test_a_place_too_long_ago_is_a_resync(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "KEPT_EVENTS", 2)
    async with Stream() as stream:
        for subject in "abc":
            commit(feed, subject)
            last = stream.id
            assert await subjects(stream, 1) == [subject]
        async with Stream(last=last) as known:
            assert await subjects(known, 1) == ["c"]
        name, _, number = last.partition("-")
        async with Stream(last=f"{name}-{int(number) - 2}") as late:
            assert (await late.next())[0] == "resync"
            commit(feed, "d")
            assert await subjects(late, 1) == ["d"]


async def test_a_slow_client_is_told_to_load_again(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads nothing while more happens than is kept; the other sees all of it."""
    monkeypatch.setattr(event_log, "KEPT_CHARACTERS", 3000)
    async with Stream() as slow, Stream() as quick:
        for subject in "abcdefghij":
            commit(feed, subject)
            assert await subjects(quick, 1) == [subject]
        kind, _ = await slow.next()
        assert kind == "resync"
        assert slow.id == quick.id
        commit(feed, "k")
        assert await subjects(slow, 1) == ["k"]


async def test_what_got_lost_is_a_resync(feed: Feed) -> None:
    async with Stream() as stream:
        commit(feed, "a")
        assert await subjects(stream, 1) == ["a"]
        feed._numbers["live.messages"] += 1
        commit(feed, "b")
        assert (await stream.next())[0] == "resync"
        assert await subjects(stream, 1) == ["b"]


async def test_goes_on_once_redis_is_back(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    layer = OutOfReach(2)
    monkeypatch.setattr(event_log, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(event_log, "_REST", 0.05)
    async with Stream() as stream:
        await layer.joined_group(protocol.group("messages"))
        assert (await stream.next())[0] == "resync"  # for what happened meanwhile
        commit(feed, "back")
        assert (await stream.next())[1]["subject"] == "back"
    assert caplog.text.count("Cannot log events of messages: no Redis") == 1


async def test_a_heartbeat_where_nothing_happens(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_events, "HEARTBEAT", 0.01)
    async with Stream() as stream:
        assert await stream.next() == ("", None)


async def test_streams_are_bounded(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MOST_STREAMS", 1)
    async with Stream():
        busy = await AsyncClient().get("/api/v3/events")
        assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    async with Stream():
        pass


async def test_a_log_ends_after_its_last_stream(
    feed: Feed, logs: EventLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "KEPT_FOR", 0)
    async with Stream() as stream:
        commit(feed, "a")
        assert await subjects(stream, 1) == ["a"]
    ended = asyncio.Event()
    asyncio.get_running_loop().call_later(0, ended.set)  # behind the end of the log
    await ended.wait()
    assert not logs._logs
    async with Stream(last=stream.id) as again:
        assert (await again.next())[0] == "resync"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("to=nothing", 400),
        ("to=session:1", 400),
        ("inbox=nowhere", 404),
        ("to=session:019ab2f2-74c6-7000-8000-000000000001&inbox=default", 400),
        (f"last_event_id={'1' * 41}", 400),
    ],
)
def test_what_is_refused(db: None, query: str, status: int) -> None:
    factories.inbox()
    answer = Browser().get(f"/api/v3/events?{query}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
