"""MailHog's news of messages: server-sent events, and a websocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from channels.layers import get_channel_layer
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from inbox.api import live_dialects
from inbox.api.live_dialects import MESSAGES, DialectConsumer, FeedEvents, SharedFrames
from inbox.api.mailhog import shapes
from inbox.api.plain_answers import PlainError, octets
from inbox.live.viewers import Viewer, viewer_of
from inbox.mailbox.offsets import StoredMail

KEEPALIVE = 60.0  # seconds
MOST = 100  # streams
# Octets of JSON of a message, and of a whole frame; bodies beyond these limits are left
# out
_LARGEST = 256 * 1024
_MOST_OCTETS = 4 * 1024 * 1024

_open = 0


async def _translate(events: FeedEvents, _reader: int | None) -> list[str]:
    ids = [each["id"] for each in events if each["event"] == "message.created"]
    found = await live_dialects.load(ids)
    texts: list[str] = await live_dialects.in_thread(_texts, found)
    return texts


def _texts(found: list[StoredMail]) -> list[str]:
    texts: list[str] = []
    left = _MOST_OCTETS
    for each in found:
        shaped = octets(shapes.message(each, max(0, min(_LARGEST, left))))
        left -= len(shaped)
        texts.append(shaped.decode().rstrip("\n"))
    return texts


frames = SharedFrames(_translate)


class MailHogSocket(DialectConsumer):
    """Sends each new message as MailHog's JSON."""

    frames = frames


def stream(request: HttpRequest) -> HttpResponseBase:
    """Answer with an event for each new message, until the client leaves."""
    if _open >= MOST:
        raise PlainError("too many clients listen already\n", 503)
    return StreamingHttpResponse(
        _events(viewer_of(request)),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache"},
    )


async def _events(viewer: Viewer) -> AsyncIterator[bytes]:
    global _open
    layer = get_channel_layer()
    channel = await layer.new_channel()
    groups: tuple[str, ...] = ()
    _open += 1
    try:
        groups = (await viewer.allowed(MESSAGES)).groups
        for group in groups:
            await layer.group_add(group, channel)
        yield b": listening\n\n"  # shows the client that the stream works
        while True:
            frame = None
            with suppress(TimeoutError):
                async with asyncio.timeout(KEEPALIVE):
                    frame = await layer.receive(channel)
            if frame is None:
                yield b"event: keepalive\ndata: \n\n"
                continue
            if not await viewer.is_same():
                return
            for text in await frames.of(frame):
                yield f"event: data\ndata: {text}\n\n".encode(
                    "utf-8", "backslashreplace"
                )
    finally:
        _open -= 1
        for group in groups:
            await layer.group_discard(group, channel)
