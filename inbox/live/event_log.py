"""The latest events of topics, kept so that a stream can resume after a gap.

A topic has one log for all streams that read it. A stream has only its position in the
log, so that a slow client costs nothing. No ORM, as in consumer.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer

from inbox.live import protocol
from inbox.live.feed import INTERVAL, PER_VIEWER
from inbox.live.protocol import Topic

log = logging.getLogger(__name__)

MOST_STREAMS = 200  # for all topics together
KEPT_EVENTS = 1000  # for each topic
KEPT_CHARACTERS = 256 * 1024  # likewise
KEPT_FOR = 300.0  # seconds after the last stream has left
_MOST_LEFT = 20  # topics without streams whose logs are kept
# Characters that a stream takes at a time; a single longer event is taken whole.
_AT_ONCE = 64 * 1024
_REST = 1.0  # seconds after a failure

RESYNC = "resync"


class TooManyStreams(Exception):
    """The number of open streams is at its maximum."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as JSON; name: its kind, or RESYNC where events were left out.

    readers: the users who have read its message; user: the only user who gets it
    """

    number: int
    name: str
    text: str
    readers: frozenset[int] = frozenset()
    user: int | None = None

    def text_for(self, reader: int | None) -> str:
        """Return the event as a user gets it; "" if it is not for this user."""
        if self.user not in (None, reader):
            return ""
        if reader not in self.readers:
            return self.text
        return json.dumps(protocol.as_read_by(json.loads(self.text), is_read=True))


class EventLog:
    """The latest events of a topic. They are numbered from 1, without a gap."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.name = uuid4().hex[:12]  # unique among all logs of all processes
        self.readers = 0
        self.last = 0
        self._events: deque[LoggedEvent] = deque()
        self._size = 0  # characters
        # The last frame number, by feed and group.
        self._feeds: dict[tuple[str, str], int] = {}
        self._news = asyncio.Event()
        self._listening = asyncio.Event()
        self._failing = False
        self._task = asyncio.create_task(self._listen(), context=Context())

    async def listening(self) -> None:
        """Return once every event from now on is logged."""
        await self._listening.wait()

    def stop(self) -> None:
        self._task.cancel()

    def has(self, number: int) -> bool:
        """Whether the log still has every event after the given one."""
        return self.last - len(self._events) <= number <= self.last

    def after(self, number: int) -> list[LoggedEvent]:
        """Return the next events after the given one, as many as a client takes at a time."""
        if not self.has(number):
            return [self._resync(self.last)]
        found: list[LoggedEvent] = []
        size = 0
        first = self.last - len(self._events) + 1
        for index in range(number + 1 - first, len(self._events)):
            event = self._events[index]
            size += len(event.text)
            if found and size > _AT_ONCE:
                break
            found.append(event)
        return found

    async def news(self, number: int, seconds: float) -> bool:
        """Wait for an event after the given one; return whether there is one."""
        while self.last == number:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return False
        return True

    # Frames from the feed

    async def _listen(self) -> None:
        while True:
            try:
                await self._receive()
            except Exception as error:  # Redis has its own error classes
                if not self._failing:  # logged once for all retries
                    log.error("Cannot log events of %s: %s", self.topic.to, error)
                self._failing = True
            self._listening.set()
            await asyncio.sleep(_REST)

    async def _receive(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        groups = (protocol.CONTROL, *self.topic.groups)
        try:
            for group in groups:
                await layer.group_add(group, channel)
            self._feeds.clear()
            if self._failing:  # events may have been missed meanwhile
                self._failing = False
                self._make_all_reload()
            self._listening.set()
            while True:
                self._take(await layer.receive(channel))
        finally:
            for group in groups:
                await layer.group_discard(group, channel)

    def _take(self, frame: Mapping[str, Any]) -> None:
        if frame["type"] != "live.frame":
            if user := frame.get("user"):  # only this user must load again
                self._put(RESYNC, protocol.resync(self.topic), user=user)
                self._wake()
            else:
                self._make_all_reload()
            return
        source, number = (frame["feed"], frame["group"]), frame["number"]
        last = self._feeds.get(source)
        self._feeds[source] = number
        if last is not None and number != last + 1:
            self._make_all_reload()
        for event in json.loads(f"[{frame['events']}]"):
            readers = frozenset(frame.get("readers", {}).get(event.get("id"), ()))
            self._put(event["event"], json.dumps(event), readers)
        self._wake()

    def _make_all_reload(self) -> None:
        """Make all streams load again, since a frame got lost on the way here."""
        self._events.clear()
        self._size = 0
        event = self._resync(self.last + 1)
        self._put(event.name, event.text)
        self._wake()

    def _resync(self, number: int) -> LoggedEvent:
        return LoggedEvent(number, RESYNC, protocol.resync(self.topic))

    def _put(
        self,
        name: str,
        text: str,
        readers: frozenset[int] = frozenset(),
        user: int | None = None,
    ) -> None:
        self.last += 1
        self._events.append(LoggedEvent(self.last, name, text, readers, user))
        self._size += len(text)
        while len(self._events) > KEPT_EVENTS or (
            self._size > KEPT_CHARACTERS and len(self._events) > 1
        ):
            self._size -= len(self._events.popleft().text)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class EventLogs:
    """The logs of all topics that are being read or were read a short while ago."""

    def __init__(self) -> None:
        self._logs: dict[Topic, EventLog] = {}
        self._streams = 0
        self._ends: dict[Topic, asyncio.TimerHandle] = {}

    @property
    def is_full(self) -> bool:
        return self._streams >= MOST_STREAMS

    @property
    def pause(self) -> float:
        """Return the pause of a stream between two pieces, in seconds.

        It limits all streams together to half of the loop's time.
        """
        return max(INTERVAL, PER_VIEWER * self._streams)

    @contextmanager
    def read(self, topic: Topic) -> Iterator[EventLog]:
        """Provide the log of a topic while a stream reads it. Raises TooManyStreams."""
        if self.is_full:
            raise TooManyStreams
        self._streams += 1
        found = self._open(topic)
        found.readers += 1
        try:
            yield found
        finally:
            found.readers -= 1
            self._streams -= 1
            if not found.readers:
                self._end_later(topic)

    def stop(self) -> None:
        """Drop all logs."""
        for topic in list(self._logs):
            self._end(topic)

    def _open(self, topic: Topic) -> EventLog:
        if end := self._ends.pop(topic, None):
            end.cancel()
        if topic not in self._logs:
            self._logs[topic] = EventLog(topic)
        return self._logs[topic]

    def _end_later(self, topic: Topic) -> None:
        if topic not in self._logs:  # stopped
            return
        loop = asyncio.get_running_loop()
        self._ends[topic] = loop.call_later(KEPT_FOR, self._end, topic)
        if len(self._ends) > _MOST_LEFT:
            self._end(next(iter(self._ends)))

    def _end(self, topic: Topic) -> None:
        if end := self._ends.pop(topic, None):
            end.cancel()
        self._logs.pop(topic).stop()
