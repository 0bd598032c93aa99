"""Processes beside this one that answer the requests which would hold up the others.

A request goes to a process over a socket and its answer comes back in pieces, as ASGI
has them. They start with the first such request, and end after a time without any.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from mailsink.web.guard import Receive, Scope, Send

log = logging.getLogger(__name__)

_MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
_AT_ONCE = 2  # processes
_WAITING = 20  # requests, beyond which 503 is answered
_LIMIT = 60.0  # seconds for an answer
_IDLE = 10.0  # seconds until a process without work ends
_RETRY_AFTER = 5  # seconds

# The kinds of what comes back, each with its length before its payload
START, BODY, END, NOTE = b"S", b"B", b"E", b"N"
HEAD = struct.Struct(">cI")
_OF_SCOPE = (
    "type", "http_version", "method", "scheme", "path", "root_path", "client", "server",
)  # fmt: skip


class Unanswered(Exception):
    """Why there is no answer, in words for the caller."""


class Workers:
    """A few processes, each with a request at a time."""

    def __init__(self, command: str, note: Callable[[Any], Awaitable[None]]) -> None:
        """Make none yet.

        command: of manage.py, what a process runs; note: awaited with what it
        wants known here
        """
        self._command = command
        self._note = note
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._waiting = 0
        self._slots: asyncio.Semaphore | None = None

    @property
    def are_on(self) -> bool:
        """Whether requests may be sent to them."""
        return self._slots is not None

    def start(self) -> None:
        """Take requests from now on."""
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def stop(self) -> None:
        """End the processes."""
        self._slots = None
        for worker in [*self._idle, *self._busy]:
            worker.end()
        self._idle.clear()

    async def answer(self, scope: Scope, send: Send) -> None:
        """Have a request without a body answered. Raises Unanswered before its head."""
        slots = self._slots
        if slots is None:
            raise Unanswered("the server is stopping")
        if self._waiting >= _WAITING:
            raise Unanswered("too many requests for large messages wait already")
        self._waiting += 1
        try:
            await slots.acquire()
        finally:
            self._waiting -= 1
        try:
            await self._answer_by(self._a_worker(), scope, send)
        finally:
            slots.release()

    def _a_worker(self) -> _Worker:
        try:
            worker = self._idle_one() or _Worker(self._command)
        except OSError as error:  # no descriptor, or no memory, is left
            log.error("No process can be started: %s", error)
            raise Unanswered("no process can be started to read it") from None
        worker.rest_no_more()
        self._busy.add(worker)
        return worker

    def _idle_one(self) -> _Worker | None:
        """Return a process that waits for work, having let go of those that died."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            worker.end()
        return None

    async def _answer_by(self, worker: _Worker, scope: Scope, send: Send) -> None:
        started = done = False
        try:
            async with asyncio.timeout(_LIMIT):
                async for kind, payload in worker.ask(scope):
                    if kind == NOTE:
                        await self._note(json.loads(payload))
                        continue
                    started = True
                    await send(_event(kind, payload))
            done = True
        except (TimeoutError, EOFError, OSError) as error:
            late = isinstance(error, TimeoutError)
            words = f"took longer than {_LIMIT:g} s" if late else "ended unexpectedly"
            log.error("Reading %s %s", scope["path"], words)
            if started:
                raise  # so that the connection is closed
            raise Unanswered(f"reading this message {words}") from None
        finally:
            self._busy.discard(worker)
            if done and self._slots is not None:
                self._idle.append(worker)
                worker.rest(_IDLE, lambda: self._idle.remove(worker))
            else:
                worker.end()


class _Worker:
    """A process and the socket to it."""

    def __init__(self, command: str) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, str(_MANAGE), command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Control-C is for its parent
            )
        except OSError:
            self._socket.close()
            raise
        finally:
            theirs.close()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._clock: asyncio.TimerHandle | None = None

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    async def ask(self, scope: Scope) -> AsyncIterator[tuple[bytes, bytes]]:
        """Send a request; yield what comes back. Raises EOFError, OSError."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(sock=self._socket)
        reader, writer = self._streams
        request = json.dumps(_plain(scope)).encode()
        writer.write(HEAD.pack(START, len(request)) + request)
        await writer.drain()
        while True:
            kind, length = HEAD.unpack(await reader.readexactly(HEAD.size))
            yield kind, await reader.readexactly(length)
            if kind == END:
                return

    def rest(self, seconds: float, ended: Callable[[], None]) -> None:
        """End after so many seconds, unless there is work before."""

        def end() -> None:
            ended()
            self.end()

        self._clock = asyncio.get_running_loop().call_later(seconds, end)

    def rest_no_more(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    def end(self) -> None:
        """End the process; it holds nothing that is not stored."""
        self.rest_no_more()
        self._process.kill()
        self._process.wait()
        if self._streams is None:
            self._socket.close()
        else:
            self._streams[1].close()


def _plain(scope: Scope) -> dict[str, Any]:
    """Return what JSON can hold of a scope; original() makes it whole again."""
    return {
        **{name: scope.get(name) for name in _OF_SCOPE},
        "query_string": scope["query_string"].decode("latin-1"),
        "headers": [
            [name.decode("latin-1"), value.decode("latin-1")]
            for name, value in scope["headers"]
        ],
    }


def original(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the scope of a request that came to a process."""
    return {
        **plain,
        "raw_path": None,
        "query_string": plain["query_string"].encode("latin-1"),
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in plain["headers"]
        ],
    }


def _event(kind: bytes, payload: bytes) -> dict[str, Any]:
    """Return an event of ASGI."""
    if kind == START:
        head = json.loads(payload)
        headers = [
            (n.encode("latin-1"), v.encode("latin-1")) for n, v in head["headers"]
        ]
        return {
            "type": "http.response.start", "status": head["status"], "headers": headers,
        }  # fmt: skip
    return {
        "type": "http.response.body", "body": payload, "more_body": kind == BODY,
    }  # fmt: skip


class Heavy:
    """Wraps an ASGI app: requests that is_heavy tells of go to the workers."""

    def __init__(
        self,
        app: Callable[..., Any],
        workers: Workers,
        is_heavy: Callable[[str, str], Any],
    ) -> None:
        """is_heavy: awaited with the path and the query."""
        self._app = app
        self._workers = workers
        self._is_heavy = is_heavy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reads = scope["method"] in ("GET", "HEAD") and self._workers.are_on
        query = scope["query_string"].decode("latin-1")
        if not reads or not await self._is_heavy(scope["path"], query):
            await self._app(scope, receive, send)
            return
        try:
            await self._workers.answer(scope, send)
        except Unanswered as why:
            await _refuse(
                send, f"{str(why)[0].upper()}{str(why)[1:]}; try again later."
            )


async def _refuse(send: Send, words: str) -> None:
    members = {
        "type": "about:blank", "title": "Service Unavailable", "status": 503,
        "detail": words,
    }  # fmt: skip
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"retry-after", str(_RETRY_AFTER).encode()),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(members).encode()})
