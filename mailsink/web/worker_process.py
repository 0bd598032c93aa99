"""A worker process, and the socket for requests and their answers.

A request is sent as JSON. The answer comes back in pieces, each with a kind, like the
events of ASGI.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from mailsink import resources
from mailsink.web.guard import AsgiScope

# With vfork, all threads here would wait until a child that waits for a processor has
# become the new program (see "Disabling use of posix_spawn or vfork" in Python's
# manual).
subprocess._USE_VFORK = False  # type: ignore[misc]

# The kinds of pieces; each piece has its length before its payload
START, BODY, END, NOTE = b"S", b"B", b"E", b"N"
HEAD = struct.Struct(">cI")
_OF_SCOPE = (
    "type", "http_version", "method", "scheme", "path", "root_path", "client", "server",
)  # fmt: skip


class WorkerProcess:
    """A process and the socket to it."""

    def __init__(self, command: str) -> None:
        """command: of manage.py; it runs from the first request on."""
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None  # until asyncio owns and closes it
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._ended = False

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def ask(self, request: Mapping[str, Any]) -> None:
        """Send a request. Raises EOFError, OSError."""
        if self._streams is None:
            await asyncio.to_thread(self._start)
            if self._ended:
                raise EOFError("it was ended as it started")
            ours, self._socket = self._socket, None
            self._streams = await asyncio.open_connection(sock=ours)
        _, writer = self._streams
        octets = json.dumps(request).encode()
        writer.write(HEAD.pack(START, len(octets)) + octets)
        await writer.drain()

    def _start(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    str(resources.MANAGE),
                    self._command,
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                process_group=0,  # Control-C is for its parent
            )
        if self._ended:  # during the start
            self.end()

    async def hear(self) -> tuple[bytes, bytes]:
        """Return the next piece of the answer; END is the last.

        Raises EOFError, OSError.
        """
        assert self._streams
        reader, _ = self._streams
        kind, length = HEAD.unpack(await reader.readexactly(HEAD.size))
        return kind, await reader.readexactly(length)

    def rest(self, seconds: float, ended: Callable[[], None]) -> None:
        """End the process after some seconds, unless there is work before."""

        def end() -> None:
            ended()
            self.end()

        self._clock = asyncio.get_running_loop().call_later(seconds, end)

    def rest_no_more(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    def end(self) -> None:
        """End the process; all its data is stored."""
        self._ended = True
        self.rest_no_more()
        if self._process is not None:
            self._process.kill()
            # The end of a process with much memory takes a while: do not wait for it
            # here.
            threading.Thread(target=self._process.wait, daemon=True).start()
        if self._socket is not None:
            self._socket.close()
        if self._streams is not None:
            self._streams[1].close()


def plain(scope: AsgiScope) -> dict[str, Any]:
    """Return the part of a scope that JSON can hold; original() restores the scope."""
    return {
        **{name: scope.get(name) for name in _OF_SCOPE},
        "query_string": scope["query_string"].decode("latin-1"),
        "headers": [
            [name.decode("latin-1"), value.decode("latin-1")]
            for name, value in scope["headers"]
        ],
    }


def original(request: dict[str, Any]) -> dict[str, Any]:
    """Return the scope of a request that a worker process received."""
    return {
        **request,
        "raw_path": None,
        "query_string": request["query_string"].encode("latin-1"),
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in request["headers"]
        ],
    }


def event(kind: bytes, payload: bytes) -> dict[str, Any]:
    """Return the ASGI event of a piece."""
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
