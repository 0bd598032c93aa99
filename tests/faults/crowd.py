"""Many clients at once, each message another one, and what they were promised."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256

_LINE = b"y" * 76 + b"\r\n"


class Crowd(threading.Thread):
    """Clients that send so many messages together, on connections that stay.

    kept: how often each id was in a 250, which is to be once. said_at: when, in Unix
    seconds. refused: how often each other reply to a message came. seconds: how long
    all took. join() raises what went wrong
    """

    def __init__(
        self,
        messages: int,
        connections: int,
        *addresses: tuple[str, int],
        size: int = 2048,
    ) -> None:
        """addresses: to which the connections go in turn"""
        super().__init__(daemon=True)
        self._numbers = iter(range(messages))
        self._connections = connections
        self._addresses = addresses
        self._text = _LINE * max(1, size // len(_LINE))
        self.kept: Counter[str] = Counter()
        self.said_at: dict[str, float] = {}
        self.refused: Counter[bytes] = Counter()
        self.seconds = 0.0
        self._error: BaseException | None = None

    def run(self) -> None:
        began = time.monotonic()
        try:
            asyncio.run(self._send())
        except BaseException as error:
            self._error = error
        self.seconds = time.monotonic() - began

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._error:
            raise self._error

    def digest(self, number: int) -> str:
        """Return the SHA-256 of a message as it is to be stored."""
        return sha256(self._message(number)).hexdigest()

    async def _send(self) -> None:
        clients = (
            self._client(self._addresses[number % len(self._addresses)])
            for number in range(self._connections)
        )
        await asyncio.gather(*clients)

    async def _client(self, address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)

        async def ask(octets: bytes) -> bytes:
            writer.write(octets)
            while line := await reader.readline():
                if line[3:4] != b"-":
                    return line
            raise EOFError("the server closed the connection")

        try:
            await ask(b"")
            await ask(b"EHLO crowd.example\r\n")
            for body in self._bodies():
                await ask(b"MAIL FROM:<a@example.com>\r\n")
                await ask(b"RCPT TO:<b@example.com>\r\n")
                await ask(b"DATA\r\n")
                self._take(await ask(body))
            await ask(b"QUIT\r\n")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _bodies(self) -> Iterator[bytes]:
        for number in self._numbers:
            yield self._message(number) + b".\r\n"

    def _message(self, number: int) -> bytes:
        head = b"Subject: %d\r\nMessage-ID: <%d@crowd.example>\r\n\r\n"
        return head % (number, number) + self._text

    def _take(self, reply: bytes) -> None:
        if reply.startswith(b"250"):
            id = reply.split(b"queued as ")[1].split()[0].decode()
            self.kept[id] += 1
            self.said_at[id] = time.time()
        else:
            self.refused[reply[:9]] += 1
