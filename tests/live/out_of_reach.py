"""A channel layer whose Redis is out of reach for a while."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import redis
from channels.layers import get_channel_layer


class OutOfReach:
    """Fails so many attempts to join a group, with the error of redis-py; then it works."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._layer = get_channel_layer()
        self._joined: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    async def group_add(self, group: str, channel: str) -> None:
        self._attempts -= 1
        if self._attempts >= 0:
            raise redis.ConnectionError("no Redis")
        await self._layer.group_add(group, channel)
        self._joined[group].set()

    async def joined_group(self, group: str) -> None:
        """Wait until somebody has joined a group."""
        await self._joined[group].wait()

    async def group_discard(self, group: str, channel: str) -> None:
        if self._attempts >= 0:
            raise redis.ConnectionError("no Redis")
        await self._layer.group_discard(group, channel)
