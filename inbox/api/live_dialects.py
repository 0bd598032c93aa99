"""The live feed for the dialects: frames are parsed, and rows loaded, once for all viewers."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context
from typing import Any, ClassVar
from uuid import UUID

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from inbox.live import protocol
from inbox.live.viewers import NOT_ALLOWED, Viewer
from inbox.mailbox import messages, offsets
from inbox.mailbox.offsets import StoredMail
from inbox.mailbox.scope import ALL

MESSAGES = protocol.topic("messages")
_REMEMBERED = 32  # frames

FeedEvents = list[dict[str, Any]]
# identifies a frame: feed, group, number; the reader
_Key = tuple[str, str, int, int | None]
# Takes the events of a frame, and the user who gets them.
Translate = Callable[[FeedEvents, int | None], Awaitable[list[str]]]


class SharedFrames:
    """Frames of the feed translated to a dialect, each once."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate
        self._made: OrderedDict[_Key, asyncio.Task[list[str]]] = OrderedDict()

    async def _work(self, events: FeedEvents, reader: int | None) -> list[str]:
        return await self._translate(events, reader)

    async def of(
        self, frame: Mapping[str, Any], reader: int | None = None
    ) -> list[str]:
        """Return the texts that a frame becomes in the dialect, in order.

        reader: the user who gets them, if the dialect includes read marks
        """
        key = frame["feed"], frame["group"], frame["number"], reader
        task = self._made.get(key)
        if task is None:
            events = json.loads(f"[{protocol.events_for(reader, frame)}]")
            # Not in the context of the first caller, whose thread may end before the
            # reading.
            work = self._work(events, reader)
            task = asyncio.create_task(work, context=Context())
            self._made[key] = task
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return await asyncio.shield(task)


class Frames:
    """The frames of one connection: notices whether one was lost."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def follows(self, frame: Mapping[str, Any]) -> bool:
        """Note a frame; return whether no frame is missing before it."""
        source, number = (frame["feed"], frame["group"]), frame["number"]
        last = self._last.get(source)
        self._last[source] = number
        return last is None or number == last + 1


class DialectConsumer(AsyncWebsocketConsumer):
    """A websocket that sends news of messages, and ignores its client's input."""

    frames: SharedFrames
    are_own: ClassVar[bool] = False  # whether each user gets different texts

    @property
    def reader(self) -> int | None:
        """The watching user, if it matters."""
        return self.viewer.identity.user if self.are_own else None

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Handle a message, without Channels' detour through the database thread."""
        # Anybody who writes to Redis can send the messages of Channels' other handlers
        # here.
        if handler := getattr(self, get_handler_name(message), None):
            await handler(message)

    async def connect(self) -> None:
        self.seen = Frames()
        self.heard: list[str] = []
        self.viewer = await Viewer.of(self.scope)
        if refusal := self.viewer.refusal:
            await self.accept()  # an earlier close would show the client no code
            await self.close(refusal)
            return
        topic = await self.viewer.allowed(MESSAGES)
        self.heard = [protocol.CONTROL, *topic.groups]
        for group in self.heard:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        for group in self.heard:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.heard = []

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Ignore the client's input."""

    async def live_frame(self, frame: Mapping[str, Any]) -> None:
        """Pass a frame of the feed on."""
        if not await self.viewer.is_same():
            await self.disconnect(0)
            await self.close(self.viewer.refusal or NOT_ALLOWED)
            return
        if not self.seen.follows(frame):
            await self.live_lost()
        for text in await self.frames.of(frame, self.reader):
            await self.send(text)

    async def live_lost(self, _: Mapping[str, Any] | None = None) -> None:
        """Handle the loss of a frame on the way here."""


async def load(ids: Collection[str]) -> list[StoredMail]:
    """Return those of these messages that still exist, oldest first."""
    if not ids:
        return []
    found: list[StoredMail] = await in_thread(_load, [UUID(each) for each in ids])
    return found


async def in_thread(work: Callable[..., Any], *given: Any) -> Any:
    """Do work with the database, on a thread that neither connections nor requests share."""
    return await database_sync_to_async(work, thread_sensitive=False)(*given)


def _load(ids: Collection[UUID]) -> list[StoredMail]:
    # The receivers only get frames of inboxes that they may see.
    return offsets.stored(messages.by_ids(ALL, ids))[::-1]
