"""The watch over Redis, to whose channel others may write as well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redis
from channels_redis.serializers import registry

from inbox.live import redis_watch
from inbox.live.consumer import LiveConsumer
from inbox.live.redis_layer import RedisLayer
from inbox.live.redis_watch import RedisWatch
from tests import private

FORGED: list[dict[str, Any]] = [
    {"type": "live.lost"},
    {"type": "live.echo", "number": 10**9},
    {"type": "live.arrival", "ids": []},
]


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.01)


async def test_what_others_write_to_it_neither_blinds_nor_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with private.running_redis() as server:
        layer = RedisLayer(hosts=[server.url])
        monkeypatch.setattr(redis_watch, "get_channel_layer", lambda: layer)
        watch = RedisWatch()
        watch.start()
        try:
            await until(lambda: watch._number > 1)  # the first came back
            serialize = registry.get_serializer("msgpack").serialize
            with redis.Redis.from_url(server.url) as other:
                for each in FORGED:
                    other.publish(f"asgi__group__{watch._group}", serialize(each))
            await until(lambda: watch._number > 4)  # it went on
            assert watch.trouble() == ""
            assert len(layer._get_layer().channels) == 1
            server.kill()
            await until(watch.trouble)
        finally:
            await watch.stop()
            await layer.flush()
            LiveConsumer.turn_on()
