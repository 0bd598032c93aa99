"""A process that answers requests for large messages, and does other work with them.

This is `manage.py answer`, which mailsink/web/workers.py starts and stops. It ends with
its parent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async

from inbox.storage.store_gate import StoreDown
from mailsink.web.worker_process import BODY, END, HEAD, NOTE, START, original

log = logging.getLogger(__name__)

_PIECE = 64 * 1024  # octets
_NICE = 5  # lower priority: mail goes first


class _Line:
    """The socket to the parent."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.changed: list[str] = []  # ids of messages, to be sent with the answer

    async def request(self) -> dict[str, Any]:
        """Return the next request or job. Raises EOFError once the parent is gone."""
        _, length = HEAD.unpack(await self._reader.readexactly(HEAD.size))
        request: dict[str, Any] = json.loads(await self._reader.readexactly(length))
        return request

    async def say(self, kind: bytes, payload: bytes = b"") -> None:
        self._writer.write(HEAD.pack(kind, len(payload)) + payload)
        await self._writer.drain()

    async def send(self, event: Mapping[str, Any]) -> None:
        """Pass an ASGI event on to the parent."""
        if event["type"] == "http.response.start":
            headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in event["headers"]
            ]
            head = {"status": event["status"], "headers": headers}
            await self.say(START, json.dumps(head).encode())
            return
        body = memoryview(event.get("body", b""))
        while len(body) > _PIECE:
            await self.say(BODY, bytes(body[:_PIECE]))
            body = body[_PIECE:]
        if event.get("more_body", False):
            await self.say(BODY, bytes(body))
            return
        if self.changed:
            await self.say(NOTE, json.dumps(self.changed).encode())
            self.changed.clear()
        # The answer's last octets mark it as whole: once the client has them, the fate
        # of this process changes nothing.
        await self.say(END, bytes(body))


def _no_body() -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return a receive callable that gives an empty body, and then nothing."""
    events = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not events:
            await asyncio.Event().wait()  # no client reports its departure here
        return events.pop()

    return receive


async def _work(descriptor: int, message_json: Callable[[str], bytes]) -> None:
    from inbox.mailbox.signals import Announcement, announced
    from inbox.upkeep import extraction
    from mailsink.asgi import http

    line = _Line(*await asyncio.open_connection(sock=socket.socket(fileno=descriptor)))

    def note(announcements: Sequence[Announcement], **_: Any) -> None:
        line.changed.extend(str(each.id) for each in announcements)

    announced.connect(note)
    jobs = {
        "extract": database_sync_to_async(extraction.by_id),
        "message": database_sync_to_async(message_json),
    }
    while True:
        try:
            request = await line.request()
        except (EOFError, OSError):
            return
        try:
            if request["type"] == "http":
                await http(original(request), _no_body(), line.send)
            else:
                await line.say(END, await jobs[request["type"]](request["id"]))
        except ConnectionResetError:
            return  # the parent was killed meanwhile
        except StoreDown as error:
            log.error("Reading %r failed: %s", request.get("id"), error)
            return
        except Exception:
            log.exception("Reading %r failed", request.get("path") or request.get("id"))
            return  # the parent sees that the answer is incomplete


def run(descriptor: int, message_json: Callable[[str], bytes]) -> None:
    """Answer the requests from the socket, until the parent is gone.

    message_json: returns a message, given its id, as webhooks send it
    """
    os.nice(_NICE)
    with suppress(KeyboardInterrupt):
        asyncio.run(_work(descriptor, message_json))
