"""How the processes of `serve --workers` speak to each other: JSON over a stream socket.

The sockets between them are made on demand: a process sends one end of a pair through
the doorway, which all inherit from their parent. So any process can be restarted, and
no name in a file system is needed.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct(">I")
_ROOM = 8 * 1024 * 1024  # octets that wait to be sent; messages beyond it are dropped

HubMessage = dict[str, Any]


class Doorway:
    """The place where SMTP processes hand a socket to the hub. Made before they are forked."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_DGRAM
        )
        self._inside.setblocking(False)
        self._outside.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that becomes readable when a process waits here for the hub."""
        return self._inside.fileno()

    def enter(self) -> socket.socket:
        """Return a socket whose other end the hub gets. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._outside, [b"!"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def receive(self) -> socket.socket | None:
        """Return the socket of the next process that waits; None if none does."""
        try:
            _, descriptors, _, _ = socket.recv_fds(self._inside, 1, 1)
        except BlockingIOError:
            return None
        return socket.socket(fileno=descriptors[0]) if descriptors else None


class HubWire:
    """Messages to and from another process."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, sock: socket.socket) -> HubWire:
        """Return the wire over a connected socket. The wire closes it at its end."""
        return cls(*await asyncio.open_connection(sock=sock))

    def say(self, message: HubMessage) -> bool:
        """Send a message; return whether there was room. Call on the loop."""
        if self._writer.transport.get_write_buffer_size() > _ROOM:
            return False
        octets = json.dumps(message).encode()
        self._writer.write(_LENGTH.pack(len(octets)) + octets)
        return True

    async def hear(self) -> HubMessage:
        """Return the next message. Raises EOFError or OSError once the other end is gone."""
        (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
        message: HubMessage = json.loads(await self._reader.readexactly(length))
        return message

    def close(self) -> None:
        self._writer.close()
