"""The channel layer of a single process: sending costs one step for each receiver."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Protocol

from channels.layers import InMemoryChannelLayer

_TOGETHER = 8  # members woken at a time: sending to one takes a millisecond


def is_out_of_reach(error: Exception) -> bool:
    """Whether an error says that Redis is unreachable: redis-py has its own error family."""
    is_of_redis = type(error).__module__.partition(".")[0] == "redis"
    return is_of_redis or isinstance(error, OSError)


class GroupWatcher(Protocol):
    """Receives the changes in the number of members of each group."""

    async def joined(self, group: str, is_first: bool) -> None:
        """Note a new member; messages sent after this returns reach it."""

    def left(self, group: str) -> None:
        """Note that a member left."""


class ProcessLayer(InMemoryChannelLayer):
    """Channels' layer in memory, without expiry.

    For each message that it sends or receives, Channels checks all members of all
    groups for expiry: with 200 viewers of 50 topics, this takes two million steps a
    frame. Here a member stays until its connection ends. A full queue drops new frames,
    which its viewer notices from the gap in the frame numbers.
    """

    watcher: GroupWatcher | None = None

    async def group_add(self, group: str, channel: str) -> None:
        is_first = not self.groups.get(group)
        await super().group_add(group, channel)
        if self.watcher is not None:
            await self.watcher.joined(group, is_first)

    async def group_discard(self, group: str, channel: str) -> None:
        await super().group_discard(group, channel)
        if self.watcher is not None:
            self.watcher.left(group)

    def members(self, group: str) -> int:
        """Return how many channels are in a group."""
        return len(self.groups.get(group, ()))

    def memberships(self) -> int:
        """Return the total number of members of all groups."""
        return sum(map(len, self.groups.values()))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send one message to all members, in batches; members must not change it."""
        for number, channel in enumerate(list(self.groups.get(group, ())), 1):
            queue = self._queue(channel)
            if not queue.full():
                queue.put_nowait((math.inf, message))
            if number % _TOGETHER == 0:
                await asyncio.sleep(0)

    async def receive(self, channel: str) -> dict[str, Any]:
        queue = self._queue(channel)
        try:
            _, message = await queue.get()
        finally:
            if queue.empty():
                self.channels.pop(channel, None)
        return message

    def _queue(self, channel: str) -> asyncio.Queue[tuple[float, dict[str, Any]]]:
        queue = self.channels.get(channel)
        if queue is None:
            size = self.get_capacity(channel)
            queue = self.channels[channel] = asyncio.Queue(maxsize=size)
        return queue
