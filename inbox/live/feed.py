"""The live feed: sends committed changes to all viewers, in frames.

A change goes out at once if no frame went out in the last 25 ms, else with the next
frame; with many viewers, frames are fewer. Each event is dumped once for all viewers;
without viewers, the feed does no work.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import BaseChannelLayer, get_channel_layer

from inbox import serializers
from inbox.access import accounts
from inbox.capture.rows import SessionChanges
from inbox.live import protocol
from inbox.live.channel_layer import ProcessLayer, is_out_of_reach
from inbox.live.pending import Pending
from inbox.mailbox import inboxes, messages, read_marks, transactions
from inbox.mailbox.scope import ALL
from inbox.mailbox.signals import (
    Announcement,
    MessageDeleted,
    MessageImported,
    MessageRestored,
    announced,
    marked,
)
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Message

log = logging.getLogger(__name__)

INTERVAL = 0.025  # seconds between frames, at least
# Seconds between batches of ids for waiting requests: they get a message's id twice,
# the second time when it is indexed
_ARRIVALS_INTERVAL = 0.005
# Seconds for each viewer of a frame: sending to one takes about half of it, so that
# viewers never take more than half of the loop's time.
PER_VIEWER = 0.002
MAX_PART = 256 * 1024  # characters; a longer frame is split into parts
MAX_FRAME = 1024 * 1024  # characters; viewers of a longer frame load again
MAX_PENDING = 50_000  # events; viewers load again after more
MAX_LOADED = 500  # rows read for one frame; viewers load again after more
_REST = 1.0  # seconds after a failure
# Changes that bring a message that viewers do not have.
_NEW = (MessageRestored, MessageImported)
_GRACE = 2.0  # seconds to send waiting changes at a stop

FeedShape = Callable[[], dict[str, Any]]
Readers = dict[str, list[int]]  # users who have read messages, by the message's id


class Feed:
    """Sends to the live groups of the channel layer, on the loop that started it."""

    def __init__(self, layer: BaseChannelLayer | None = None) -> None:
        self._layer = layer or get_channel_layer()
        self._pending = Pending()
        self._numbers: dict[str, int] = {}  # of the last frame to each group
        self._lost = False  # whether viewers missed something
        self._failing = False
        self._last = 0.0  # when the last frame went, by the loop's clock
        self._free_at = (
            0.0  # when the viewers of the last frame have had their time, likewise
        )
        self._task: asyncio.Task[None] | None = None
        # the ids that waiting requests are about to get
        self._arrived: dict[UUID, None] = {}
        self._sending: asyncio.Task[None] | None = None
        # Times by the loop's clock: since when changes wait, and those being sent
        self._waits_since: float | None = None
        self._sent_since: float | None = None

    @property
    def lag(self) -> float:
        """The age of the oldest unsent event, in seconds."""
        since = self._sent_since or self._waits_since
        return max(0.0, self._loop.time() - since) if since else 0.0

    def start(self) -> None:
        """Listen to the announcements of services. Call on the running event loop."""
        self._loop = asyncio.get_running_loop()
        # Not the context of the announcing request: its thread may end before the rows
        # are loaded.
        self._context = copy_context()
        announced.connect(self._hear)
        marked.connect(self._hear_of_marks)

    async def stop(self) -> None:
        """Send the waiting changes, as far as possible."""
        announced.disconnect(self._hear)
        marked.disconnect(self._hear_of_marks)
        tasks = [each for each in (self._sending, self._task) if each is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE)
            for each in late:
                each.cancel()

    def committed(self, changes: SessionChanges) -> None:
        """Take the changes of a commit. Called on the event loop, after the commit."""
        self._arrive(row.id for row in changes.messages_created)
        if self._is_viewed():
            self._pending.add(changes)
            self._schedule()

    def announce(self, announcements: Sequence[Announcement]) -> None:
        """Take the changes that a service made. Can be called on any thread."""
        self._loop.call_soon_threadsafe(self._take, announcements)

    def _hear(self, announcements: Sequence[Announcement], **_: Any) -> None:
        self.announce(announcements)

    def _hear_of_marks(self, user: int, **_: Any) -> None:
        self._loop.call_soon_threadsafe(self._take_marks, user)

    def _take_marks(self, user: int) -> None:
        if self._is_viewed():
            self._pending.marked_by.add(user)
            self._schedule()

    def _take(self, announcements: Sequence[Announcement]) -> None:
        changed = (a for a in announcements if not isinstance(a, MessageDeleted))
        self._arrive(each.id for each in changed)
        if self._is_viewed():
            self._pending.announce(announcements)
            self._schedule()

    # Viewers

    def _is_viewed(self) -> bool:
        """Whether anybody needs more than ids of messages."""
        if not isinstance(self._layer, ProcessLayer):
            return True  # there may be viewers in other processes
        topics = self._layer.groups.keys() - {protocol.ARRIVALS}
        return any(map(self._is_watched, topics))

    def _is_watched(self, group: str) -> bool:
        if not isinstance(self._layer, ProcessLayer):
            return True
        return group != protocol.CONTROL and bool(self._layer.groups.get(group))

    def _viewers(self, group: str) -> int:
        """Return the number of viewers of a group; with other processes, an estimate."""
        layer = self._layer
        if not isinstance(layer, ProcessLayer):
            return 1
        # Each viewer passes a control message on for each of its topics.
        every = group == protocol.CONTROL
        return layer.memberships() if every else layer.members(group)

    # Frames

    def _schedule(self) -> None:
        self._waits_since = self._waits_since or self._loop.time()
        if len(self._pending) > MAX_PENDING:
            self._pending, self._lost = Pending(), True
        if self._task is None:
            self._task = self._loop.create_task(self._publish(), context=self._context)

    async def _publish(self) -> None:
        """Send frames until no change waits, no sooner than the intervals allow."""
        try:
            while len(self._pending) or self._lost:
                due = max(self._last + INTERVAL, self._free_at)
                await asyncio.sleep(max(0, due - self._loop.time()))
                self._last = self._loop.time()
                pending, self._pending = self._pending, Pending()
                self._sent_since, self._waits_since = self._waits_since, None
                await self._try_to_send(pending)
                # A failed frame stays counted as waiting: viewers load its changes
                # again.
                self._waits_since = (
                    self._sent_since if self._lost else self._waits_since
                )
                self._sent_since = None
        finally:
            self._sent_since = self._task = None

    async def _try_to_send(self, pending: Pending) -> None:
        """Send the pending changes; viewers load again after a failure."""
        try:
            await self._send(pending)
            self._failing = False
        except Exception as error:
            self._fail(error)
            await asyncio.sleep(_REST)

    def _fail(self, error: Exception) -> None:
        """Make all viewers load again. Call while handling an exception."""
        if not self._failing:  # logged once for all retries
            is_fault = not is_out_of_reach(error)
            log.error("The live feed reaches no viewers: %s", error, exc_info=is_fault)
        self._lost = self._failing = True

    async def _send(self, pending: Pending) -> None:
        if self._lost:
            await self._publish_to(protocol.CONTROL, {"type": "live.lost"})
            self._lost = False
        frames = await self._frames(pending)
        for group, events in frames.groups.items():
            for part in parts(events):
                await self._send_part(group, part, frames.readers)
        for user in pending.marked_by:
            lost = {"type": "live.lost", "user": user}
            await self._publish_to(protocol.CONTROL, lost)
        self._lost |= frames.is_full
        for session in pending.closed:
            self._numbers.pop(protocol.session_group(session), None)

    # Waiting requests get only ids: no row is read for them, and they wait no longer
    # where there are many viewers.

    def _arrive(self, ids: Iterable[UUID]) -> None:
        """Take the ids of messages that arrived, changed or were restored."""
        if not self._is_watched(protocol.ARRIVALS):
            return
        self._arrived.update(dict.fromkeys(ids))
        if len(self._arrived) > MAX_PENDING:
            self._arrived, self._lost = {}, True
        if self._arrived and self._sending is None:
            self._sending = self._loop.create_task(
                self._send_arrivals(), context=self._context
            )

    async def _send_arrivals(self) -> None:
        try:
            while self._arrived:
                arrived, self._arrived = list(map(str, self._arrived)), {}
                for start in range(0, len(arrived), MAX_LOADED):
                    ids = arrived[start : start + MAX_LOADED]
                    event = {"type": "live.arrival", "ids": ids}
                    await self._layer.group_send(protocol.ARRIVALS, event)
                await asyncio.sleep(_ARRIVALS_INTERVAL)
        except Exception as error:
            self._fail(error)
            self._schedule()
        finally:
            self._sending = None

    async def _send_part(self, group: str, events: str, readers: Readers) -> None:
        number = self._numbers[group] = self._numbers.get(group, 0) + 1
        frame = {
            "type": "live.frame",
            "feed": str(protocol.process()),
            "number": number,
            "group": group,
            "events": events,
            "readers": readers,
        }
        await self._publish_to(group, frame)

    async def _publish_to(self, group: str, event: dict[str, Any]) -> None:
        """Send to a group, once the viewers of the last frame had most of their time."""
        wait = self._free_at - self._loop.time()
        if wait > INTERVAL:
            await asyncio.sleep(wait)
        begun = max(self._free_at, self._loop.time())
        self._free_at = begun + PER_VIEWER * self._viewers(group)
        await self._layer.group_send(group, event)

    # Events

    async def _frames(self, pending: Pending) -> _Frames:
        """Return the events of each group that has viewers."""
        frames = _Frames(self._is_watched)
        if not inboxes.known(ids := pending.inbox_ids):
            await database_sync_to_async(inboxes.look_up)(ids)
        _add_sessions(frames, pending)
        _add_exchanges(frames, pending)
        _add_closed(frames, pending)
        for row in pending.messages.values():
            frames.put_message(
                "message.created", row.inbox_id, serializers.message, row
            )
        await self._add_announced(frames, pending)
        return frames

    async def _add_announced(self, frames: _Frames, pending: Pending) -> None:
        """Add the events that need rows read: changed messages, refused transactions."""
        changed = {
            id: "created" if isinstance(each, _NEW) else "updated"
            for id, each in pending.announced.items()
            if not isinstance(each, MessageDeleted)
        }
        if len(changed) + len(pending.refused) > MAX_LOADED:
            self._lost = True
        elif changed or pending.refused:
            found, refused, frames.readers = await database_sync_to_async(_load)(
                changed, pending.refused
            )
            for row in found:
                event = f"message.{changed[row.pk]}"
                frames.put_message(event, row.inbox_id, serializers.message, row)
            for one in refused:
                frames.put_message(
                    "transaction.ended", one.inbox_id, serializers.transaction, one
                )
        for gone in pending.announced.values():
            if isinstance(gone, MessageDeleted):
                frames.put_message("message.deleted", gone.inbox_id, _deleted, gone)


class _Frames:
    """The events of groups, as JSON, in order; each is dumped at most once."""

    def __init__(self, is_watched: Callable[[str], bool]) -> None:
        self._is_watched = is_watched
        self._size = 0  # characters
        self.groups: dict[str, list[str]] = {}
        self.readers: Readers = {}

    @property
    def is_full(self) -> bool:
        """Whether the frame is so long that the rest is left out."""
        return self._size > MAX_FRAME

    def put(self, event: str, groups: Sequence[str], shape: FeedShape) -> None:
        watched = [group for group in groups if self._is_watched(group)]
        if watched and not self.is_full:
            text = json.dumps({"event": event, **shape()})
            self._size += len(text)
            for group in watched:
                self.groups.setdefault(group, []).append(text)

    def put_message(
        self,
        event: str,
        inbox_id: int | None,
        shape: Callable[[Any], dict[str, Any]],
        row: object,
    ) -> None:
        self.put(event, _groups("messages", inbox_id), partial(shape, row))


def _groups(to: str, inbox_id: int | None) -> list[str]:
    slug = inboxes.slug(inbox_id)
    whole = protocol.group(to)
    return [whole, protocol.group(to, slug)] if slug else [whole]


def _add_sessions(frames: _Frames, pending: Pending) -> None:
    for id, row in pending.sessions.items():
        groups = [*_groups("sessions", row.inbox_id), protocol.session_group(id)]
        shape = partial(serializers.session, row)
        if id in pending.opened:
            frames.put("session.opened", groups, shape)
        elif row.ending is None:
            # A session that has ended is closed here, or by a commit that is on its
            # way.
            frames.put("session.updated", groups, shape)


def _add_exchanges(frames: _Frames, pending: Pending) -> None:
    for key, row in pending.exchanges.items():
        event = "exchange.created" if key in pending.created else "exchange.updated"
        group = protocol.session_group(row.session_id)
        frames.put(event, [group], partial(serializers.exchange, row))


def _add_closed(frames: _Frames, pending: Pending) -> None:
    for id in pending.closed:
        # The last event: no other follows for this session.
        row = pending.sessions[id]
        groups = [*_groups("sessions", row.inbox_id), protocol.session_group(id)]
        frames.put("session.closed", groups, partial(serializers.session, row))


def _deleted(gone: MessageDeleted) -> dict[str, Any]:
    return {"id": str(gone.id), "inbox": inboxes.slug(gone.inbox_id)}


def _load(
    changed: Collection[UUID], refused: Collection[UUID]
) -> tuple[list[Message], list[TransactionSummary], Readers]:
    found = messages.by_ids(ALL, changed)
    read = read_marks.readers(found) if accounts.look_if_due() else {}
    attempts = transactions.by_ids(refused)
    # Unknown inboxes are looked up here, off the event loop.
    inboxes.look_up(row.inbox_id for row in found)
    inboxes.look_up(row.inbox_id for row in attempts)
    return found, attempts, {str(id): [*users] for id, users in read.items()}


def parts(events: Sequence[str]) -> Iterator[str]:
    """Yield events joined by commas, in as few parts as the maximum size allows."""
    part: list[str] = []
    size = 0
    for event in events:
        if part and size + len(event) > MAX_PART:
            yield ",".join(part)
            part, size = [], 0
        part.append(event)
        size += len(event) + 1
    if part:
        yield ",".join(part)
