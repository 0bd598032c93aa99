"""One connection to /ws/live: the topics it watches, and the batches in flight.

Daphne does not slow down for a slow client, so this module does: at most two batches
wait for an acknowledgement, a bounded number of events waits here, and an overflow
becomes one `resync`. No ORM: Channels would run it on the thread that all connections
share.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from inbox.live import protocol
from inbox.live.channel_layer import is_out_of_reach
from inbox.live.protocol import Ack, BadFrame, Command, Subscribe, Topic, Unsubscribe
from inbox.live.viewers import NOT_ALLOWED, Viewer, moves

MAX_TOPICS = 50  # of a connection
MAX_UNACKED = 2  # batches
MAX_WAITING = 64 * 1024  # characters that wait to be sent, for each topic
# Commands: a burst, then a rate a second. Without a limit, a client that sends without
# reading would make us keep all the answers.
BURST = 200
RATE = 20.0
Name = tuple[str, str | None]  # of a topic

POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
NOT_LIVE = 4503  # our own code: the live feed is unavailable, try again later


@dataclass(slots=True)
class _Watch:
    """A watched topic, and its events that wait to be sent."""

    topic: Topic
    waiting: list[str] = field(default_factory=list)
    size: int = 0
    behind: bool = False
    # The last frame number, by feed and group: several processes can have a feed.
    last: dict[tuple[str, str], int] = field(default_factory=dict)

    def follows(self, frame: Mapping[str, Any]) -> bool:
        """Note a frame's number; return whether no frame is missing before it."""
        source, number = (frame["feed"], frame["group"]), frame["number"]
        last = self.last.get(source)
        self.last[source] = number
        return last is None or number == last + 1

    def take(self, events: str) -> None:
        if self.behind:
            return
        self.waiting.append(events)
        self.size += len(events)

    def drop(self) -> None:
        """Drop the waiting events; the client must load again."""
        self.behind = True
        self.waiting.clear()
        self.size = 0


class LiveConsumer(AsyncWebsocketConsumer):
    """Speaks docs/live.md with one client."""

    _open: ClassVar[set[LiveConsumer]] = set()
    _is_off: ClassVar[bool] = False

    @classmethod
    async def turn_off(cls) -> None:
        """Close all connections and refuse new ones: no frame reaches them.

        Call on the loop.
        """
        cls._is_off = True
        for each in list(cls._open):
            with suppress(Exception):  # it may be closed already
                await each.close(NOT_LIVE)

    @classmethod
    def turn_on(cls) -> None:
        """Take connections again."""
        cls._is_off = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a connection; close it while the live feed is unavailable."""
        if self._is_off:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": NOT_LIVE})
            return
        try:
            await super().__call__(scope, receive, send)
        except Exception as error:
            if not is_out_of_reach(error):
                raise
            await send({"type": "websocket.close", "code": NOT_LIVE})

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Handle a message, without Channels' detour through the database thread."""
        # Anybody who writes to Redis can send the messages of Channels' other handlers
        # here.
        if handler := getattr(self, get_handler_name(message), None):
            await handler(message)

    async def connect(self) -> None:
        self.watches: dict[Name, _Watch] = {}
        self.heard: dict[str, list[_Watch]] = {}  # the watches of each group
        self.sent = self.acked = 0
        self.tokens, self.counted_at = float(BURST), time.monotonic()
        self.viewer = await Viewer.of(self.scope)
        if refusal := self.viewer.refusal:
            await self.accept()  # an earlier close would show the client no code
            await self.close(refusal)
            return
        self._open.add(self)
        await self.channel_layer.group_add(protocol.CONTROL, self.channel_name)
        await self.accept()
        await self.send(protocol.hello())

    async def disconnect(self, code: int) -> None:
        self._open.discard(self)
        if self._is_off:  # the groups are unreachable
            return
        for group in [protocol.CONTROL, *self.heard]:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _may_go_on(self, moved: bool = False) -> bool:
        """Return whether the caller's permissions are unchanged; else close the connection.

        moved: see Viewer.is_same
        """
        if await self.viewer.is_same(moved):
            return True
        await self.disconnect(0)
        self.watches, self.heard = {}, {}
        await self.close(self.viewer.refusal or NOT_ALLOWED)
        return False

    # The client's frames

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        if self.viewer.refusal or not await self._may_go_on():
            return
        try:
            command = protocol.parse(text_data)
            if not (self._is_news(command) or self._may_command()):
                await self.close(POLICY_VIOLATION)
                return
            await self._obey(command)
        except BadFrame as error:
            if self._may_command():
                await self.send(protocol.error(str(error)))
            else:
                await self.close(POLICY_VIOLATION)

    def _is_news(self, command: Command) -> bool:
        """Whether it acknowledges a batch for the first time: no more often than we sent."""
        return isinstance(command, Ack) and self.acked < command.seq <= self.sent

    def _may_command(self) -> bool:
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.counted_at) * RATE)
        self.counted_at = now
        self.tokens -= 1
        return self.tokens >= 0

    async def _obey(self, command: Command) -> None:
        match command:
            case Subscribe(topic):
                await self._subscribe(topic)
            case Unsubscribe(topic):
                await self._unsubscribe(topic)
            case Ack(seq):
                if not 0 < seq <= self.sent:
                    raise BadFrame(f"no batch {seq} was sent")
                self.acked = max(self.acked, seq)
                await self._flush()

    async def _subscribe(self, topic: Topic) -> None:
        if topic.name not in self.watches:
            if len(self.watches) >= MAX_TOPICS:
                raise BadFrame(f"a connection watches at most {MAX_TOPICS} topics")
            allowed = await self.viewer.allowed(topic)
            watch = self.watches[topic.name] = _Watch(allowed)
            for group in allowed.groups:
                self.heard.setdefault(group, []).append(watch)
                await self.channel_layer.group_add(group, self.channel_name)
        await self.send(protocol.subscribed(topic))

    async def _unsubscribe(self, topic: Topic) -> None:
        watch = self.watches.pop(topic.name, None)
        if watch is None:
            return
        self.viewer.ignores(watch.topic)
        for group in watch.topic.groups:
            self.heard[group].remove(watch)
            if not self.heard[group]:
                del self.heard[group]
                await self.channel_layer.group_discard(group, self.channel_name)

    # The feed's frames

    async def live_frame(self, frame: Mapping[str, Any]) -> None:
        """Pass a frame of the feed on, now or later."""
        watches = self.heard.get(frame["group"])
        moved = moves(frame["group"], frame["events"])
        if not watches or not await self._may_go_on(moved):
            return
        # Note the number for each watch, even after one that missed a frame.
        followed = [watch.follows(frame) for watch in watches]
        if not all(followed):
            # A full queue drops frames of any topic, so all topics load again.
            await self.live_lost()
            return
        events = protocol.events_for(self.viewer.identity.user, frame)
        for watch in watches:
            watch.take(events)
        await self._flush()

    async def live_lost(self, event: Mapping[str, Any] | None = None) -> None:
        """Make the client load everything again, since a frame got lost on the way here."""
        if not protocol.concerns(self.viewer.identity.user, event or {}):
            return
        for watch in self.watches.values():
            watch.drop()
        await self._flush()

    async def _flush(self) -> None:
        """Send as many waiting batches as allowed; the topic served last comes last."""
        for name, watch in list(self.watches.items()):
            if self.sent - self.acked >= MAX_UNACKED:
                if watch.size > MAX_WAITING:
                    watch.drop()
            elif watch.behind:
                watch.behind = False
                await self.send(protocol.resync(watch.topic))
            elif watch.waiting:
                self.watches[name] = self.watches.pop(name)
                events = ",".join(watch.waiting)
                watch.waiting, watch.size = [], 0
                self.sent += 1
                await self.send(protocol.batch(self.sent, watch.topic, events))
