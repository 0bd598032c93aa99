"""The channel layers: that of a single process, and that by Redis."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
import redis
from channels_redis.serializers import registry

from inbox.live import protocol
from inbox.live.channel_layer import ProcessLayer
from inbox.live.redis_layer import RedisLayer


async def joined(layer: ProcessLayer, count: int) -> list[str]:
    channels = [await layer.new_channel() for _ in range(count)]
    for each in channels:
        await layer.group_add("all", each)
    return channels


async def test_each_member_is_told_in_order() -> None:
    layer = ProcessLayer()
    channels = await joined(layer, 3)
    for number in range(2):
        await layer.group_send("all", {"number": number})
    for each in channels:
        told = [(await layer.receive(each))["number"] for _ in range(2)]
        assert told == [0, 1]
    assert not layer.channels


async def test_a_full_queue_drops_what_comes_and_holds_up_nobody() -> None:
    layer = ProcessLayer(capacity=2)
    slow, quick = await joined(layer, 2)
    for number in range(3):
        await layer.group_send("all", {"number": number})
        assert (await layer.receive(quick))["number"] == number
    assert [(await layer.receive(slow))["number"] for _ in range(2)] == [0, 1]
    await layer.group_send("all", {"number": 3})
    assert (await layer.receive(slow))["number"] == 3


async def test_others_have_their_turn_between_members() -> None:
    layer = ProcessLayer()
    told = 0

    async def member(channel: str) -> None:
        nonlocal told
        await layer.receive(channel)
        told += 1

    tasks = [asyncio.create_task(member(each)) for each in await joined(layer, 50)]
    await asyncio.sleep(0)
    sending = asyncio.create_task(layer.group_send("all", {}))
    seen = [0]
    while not sending.done():
        await asyncio.sleep(0)
        seen.append(told)
    await asyncio.gather(*tasks)
    assert max(after - before for before, after in pairwise(seen)) < 20


async def test_members_are_counted() -> None:
    layer = ProcessLayer()
    channels = await joined(layer, 3)
    await layer.group_add("some", channels[0])
    assert (layer.members("all"), layer.members("none")) == (3, 0)
    assert layer.memberships() == 4
    await layer.group_discard("all", channels[0])
    assert layer.members("all") == 2


_serialize = registry.get_serializer("msgpack").serialize
ID = str(protocol.process())
MESSAGE = {"event": "message.created", "id": ID, "read": False, "tags": ["a"]}
ENDED = {
    "event": "transaction.ended", "id": ID, "session": ID, "code": None,
    "failure": "refused", "recipients": [{"rcpt_code": 550}],
}  # fmt: skip


def frame(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "live.frame", "feed": "x", "group": "all", "number": 1,
        "events": ",".join(map(json.dumps, events)), "readers": {},
    }  # fmt: skip


FRAME = frame(
    MESSAGE,
    {**MESSAGE, "event": "message.updated"},
    {"event": "message.deleted", "id": ID},
    ENDED,
    {"event": "session.opened", "id": ID},
    {"event": "exchange.created", "seq": 1},
)
# Each lacks what the sockets read of it, or has something else there.
EVENTS: list[dict[str, Any]] = [
    {"id": ID},
    {"event": "message.created"},
    {"event": "message.deleted"},
    {"event": "message.restored"},
    {"event": "message.deleted", "id": "1"},
    {"event": "message.deleted", "id": 1},
    {"event": "session.opened", "id": ["1"]},
    {**MESSAGE, "id": "1"},
    {**MESSAGE, "read": None},
    {**MESSAGE, "tags": [1, "a"]},
    {"event": "message.updated", "id": ID},
    {"event": "transaction.ended", "id": ID},
    {**ENDED, "code": "550"},
    {**ENDED, "failure": None},
    {**ENDED, "session": [ID]},
    {**ENDED, "recipients": [{"rcpt_code": None}]},
]
ARRIVAL = {"type": "live.arrival", "ids": [ID]}
JUNK = [
    b"",
    b"nonsense",
    b"\xc1" * 40,
    *map(
        _serialize,
        [
            [],
            7,
            {},
            {"type": "websocket.disconnect"},
            {"type": ["live.lost"]},
            {"type": "live.frame"},
            {**FRAME, "number": "1"},
            {**FRAME, "events": "}{"},
            {**FRAME, "events": "[" * 100_000},
            {**FRAME, "events": "7"},
            {**FRAME, "readers": {"1": 1}},
            {"type": "live.arrival", "ids": ["one"]},
            {"type": "live.arrival", "ids": 1},
            {"type": "live.lost", "user": "ann"},
            {"type": "live.echo"},
            *map(frame, EVENTS),
        ],
    ),
]


async def test_what_others_write_to_redis_reaches_nobody(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    layer = RedisLayer(hosts=[redis_url])
    channel = await layer.new_channel()
    await layer.group_add("all", channel)
    with redis.Redis.from_url(redis_url) as other:
        for each in JUNK:
            other.publish("asgi__group__all", each)
    ours = [FRAME, ARRIVAL, {"type": "live.lost"}, {"type": "live.lost", "user": 7}]
    for each in ours:
        await layer.group_send("all", each)
    assert [await layer.receive(channel) for _ in ours] == ours
    await layer.flush()
    (said,) = caplog.records  # once a minute
    assert "not Mailsink's" in said.message
    assert said.exc_info is None
