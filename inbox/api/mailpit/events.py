"""Mailpit's websocket /api/events: new messages, changes, and the counts of the mailbox."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import Context
from typing import Any

from inbox.api import live_dialects
from inbox.api.live_dialects import DialectConsumer, FeedEvents, SharedFrames, in_thread
from inbox.api.mailpit import summaries
from inbox.api.mailpit.application import VERSION
from inbox.api.plain_answers import octets
from inbox.errors import NotFound
from inbox.live import protocol
from inbox.mailbox import messages, sessions
from inbox.mailbox.offsets import StoredMail
from inbox.mailbox.scope import ALL, Scope
from inbox.serializers import Shape

STATS_AFTER = 0.25  # seconds in which changes are collected before new counts
_MANY = 200  # changes; with more, clients are asked to load again
_REMEMBERED = 20_000  # messages

Marks = tuple[bool, tuple[str, ...]]  # whether a message is read, and its tags


def _text(kind: str, data: Any) -> str:
    return octets({"Type": kind, "Data": data}).decode().rstrip("\n")


class Changes:
    """Finds the changed marks of messages: the feed only says that a message changed."""

    def __init__(self) -> None:
        self._marks: OrderedDict[tuple[int | None, str], Marks] = OrderedDict()

    def note(self, shape: Mapping[str, Any], reader: int | None) -> Marks | None:
        """Remember the marks of a message; return the previous ones, None if unknown."""
        id = reader, shape["id"]
        before = self._marks.pop(id, None)
        self._marks[id] = bool(shape["read"]), tuple(shape["tags"])
        if len(self._marks) > _REMEMBERED:
            self._marks.popitem(last=False)
        return before

    def of(self, shape: Mapping[str, Any], reader: int | None = None) -> Iterator[str]:
        """Yield an event for each mark that changed, or may have changed, for a user."""
        before = self.note(shape, reader)
        read, tags = bool(shape["read"]), tuple(shape["tags"])
        if before is None or before[0] != read:
            yield _text("update", {"ID": shape["id"], "Read": read})
        if before[1] != tags if before else tags:
            sorted_tags = summaries.tags(tags)
            yield _text("update", {"ID": shape["id"], "Tags": sorted_tags})


changes = Changes()


async def _translate(events: FeedEvents, reader: int | None) -> list[str]:
    created = [each["id"] for each in events if each["event"] == "message.created"]
    failed = [each for each in events if each["event"] == "transaction.ended"]
    gone = [each["id"] for each in events if each["event"] == "message.deleted"]
    texts: list[str] = []
    for each in events:
        if each["event"] == "message.created":
            changes.note(each, reader)
        elif each["event"] == "message.updated":
            texts += changes.of(each, reader)
    found = await live_dialects.load(created)
    texts += await in_thread(_new, found)
    texts += [_text("delete", {"ID": id}) for id in gone]
    if len(texts) > _MANY:
        texts = [_text("prune", None)]
    if gone and not (await _counts(ALL))["messages"]:
        texts.append(_text("truncate", None))
    texts += await in_thread(_errors, failed[:_MANY])
    return texts


def _new(found: list[StoredMail]) -> list[str]:
    return [_text("new", summaries.summary(each)) for each in found]


def _errors(failed: FeedEvents) -> list[str]:
    return [_text("error", each) for each in map(_error, failed) if each]


def _error(ended: Mapping[str, Any]) -> Shape | None:
    """Return a refusal in Mailpit's form; None if no reply refused anything."""
    codes = [each["rcpt_code"] for each in ended["recipients"]]
    code = max([ended["code"] or 0, *codes], default=0)
    if code < 400:
        return None
    try:
        address = sessions.get(ALL, ended["session"]).client_address
    except NotFound:
        address = ""
    return {
        "Level": "error" if code >= 500 else "warning",
        "Type": "smtpd",
        "IP": address,
        "Message": f"{code} {ended['failure']}",
    }


async def _counts(scope: Scope) -> Any:
    return await in_thread(messages.counts, scope)


class _Stats:
    """The counts of the mailbox, read once for all clients with the same scope."""

    def __init__(self) -> None:
        self._reading: dict[Scope, asyncio.Task[str]] = {}

    async def text(self, scope: Scope) -> str:
        if scope not in self._reading:
            reading = asyncio.create_task(self._read(scope), context=Context())
            self._reading[scope] = reading
        return await asyncio.shield(self._reading[scope])

    async def _read(self, scope: Scope) -> str:
        try:
            counts = await _counts(scope)
        finally:
            del self._reading[scope]
        shape = {
            "Total": counts["messages"],
            "Unread": counts["unread"],
            "Version": VERSION,
        }
        return _text("stats", shape)


stats = _Stats()


class MailpitSocket(DialectConsumer):
    """Speaks Mailpit's /api/events with one client."""

    frames = SharedFrames(_translate)
    are_own = True  # its texts contain the user's read marks

    async def connect(self) -> None:
        self.sending: asyncio.Task[None] | None = None
        await super().connect()
        if not self.viewer.refusal:
            await self._send_counts()

    async def disconnect(self, code: int) -> None:
        if self.sending:
            self.sending.cancel()
            with suppress(asyncio.CancelledError):
                await self.sending
        await super().disconnect(code)

    async def live_frame(self, frame: Mapping[str, Any]) -> None:
        await super().live_frame(frame)
        if self.heard:  # the connection was not closed
            self._send_stats_soon()

    async def live_lost(self, event: Mapping[str, Any] | None = None) -> None:
        """Make the client load again."""
        if not protocol.concerns(self.reader, event or {}):
            return
        await self.send(_text("prune", None))
        self._send_stats_soon()

    def _send_stats_soon(self) -> None:
        if self.sending is None or self.sending.done():
            self.sending = asyncio.create_task(self._send_stats())

    async def _send_stats(self) -> None:
        await asyncio.sleep(STATS_AFTER)
        await self._send_counts()

    async def _send_counts(self) -> None:
        await self.send(await stats.text(self.viewer.identity.scope))
