"""The live feed for the dialects: its frames are read, and rows loaded, once for all who watch."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context
from typing import Any
from uuid import UUID

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from inbox.api.v3.common import scope
from inbox.live import protocol
from inbox.mailbox import messages, offsets
from inbox.mailbox.offsets import StoredMail

MESSAGES = protocol.group("messages")
_REMEMBERED = 32  # frames

FeedEvents = list[dict[str, Any]]
Translate = Callable[[FeedEvents], Awaitable[list[str]]]


class SharedFrames:
    """Frames of the feed in the words of a dialect, each made once."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate
        self._made: OrderedDict[tuple[str, int], asyncio.Task[list[str]]] = (
            OrderedDict()
        )

    async def _work(self, events: FeedEvents) -> list[str]:
        return await self._translate(events)

    async def of(self, frame: Mapping[str, Any]) -> list[str]:
        """Return what a frame is in the dialect: texts to be sent, in order."""
        key = frame["feed"], frame["number"]
        task = self._made.get(key)
        if task is None:
            events = json.loads(f"[{frame['events']}]")
            # Not in the context of whoever asks first: its thread is not there to read on.
            task = asyncio.create_task(self._work(events), context=Context())
            self._made[key] = task
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return await asyncio.shield(task)


class Frames:
    """The frames of one connection: sees whether one got lost on the way."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def follows(self, frame: Mapping[str, Any]) -> bool:
        """Note a frame; return whether none is missing before it."""
        feed, number = frame["feed"], frame["number"]
        last = self._last.get(feed)
        self._last[feed] = number
        return last is None or number == last + 1


class DialectConsumer(AsyncWebsocketConsumer):
    """A websocket that hears of messages, and takes nothing from its client."""

    frames: SharedFrames

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Handle a message, without Channels' hop to the database's thread before it."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        self.seen = Frames()
        for group in (protocol.CONTROL, MESSAGES):
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        for group in (protocol.CONTROL, MESSAGES):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Ignore what the client says."""

    async def live_frame(self, frame: Mapping[str, Any]) -> None:
        """Pass a frame of the feed on."""
        if not self.seen.follows(frame):
            await self.live_lost()
        for text in await self.frames.of(frame):
            await self.send(text)

    async def live_lost(self, _: Mapping[str, Any] | None = None) -> None:
        """Something got lost on the way here."""


async def load(ids: Collection[str]) -> list[StoredMail]:
    """Return messages by their ids, as far as they are still there; oldest first."""
    if not ids:
        return []
    found: list[StoredMail] = await in_thread(_load, [UUID(each) for each in ids])
    return found


async def in_thread(work: Callable[..., Any], *given: Any) -> Any:
    """Do what reads the database, on no thread that connections or requests share."""
    return await database_sync_to_async(work, thread_sensitive=False)(*given)


def _load(ids: Collection[UUID]) -> list[StoredMail]:
    return offsets.stored(messages.by_ids(scope(), ids))[::-1]
