"""A load client: sends messages over many connections, each waiting for every reply.

    python bench/load.py HOST PORT --messages 4000 --connections 20 --size 2048

Prints the messages a second; with --waits a second line has the microseconds from each
message's last octet to its 250. Fails if a reply is not the expected one.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count

LINE = b"x" * 76 + b"\r\n"
_ID, _DIGITS = b"Message-ID: <%d@shop.test>\r\n", 19  # of nanoseconds since 1970


class Client(asyncio.Protocol):
    """One connection, as a protocol: streams would cost more than the tested server."""

    def __init__(self, job: Job, done: asyncio.Future[None]) -> None:
        self.job = job
        self.done = done
        self.buffer = b""
        self.steps = iter(job.steps())
        self.asked_at = 0.0  # when the message was sent that waits for its 250, else 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.expected = b"220"

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.buffer.endswith(b"\n"):
            return
        last = self.buffer[self.buffer.rfind(b"\n", 0, -1) + 1 :]
        if last[3:4] == b"-":
            return
        if last[:3] != self.expected:
            self.done.set_exception(RuntimeError(f"unexpected reply {last!r}"))
            self.transport.abort()
            return
        self.buffer = b""
        if self.asked_at:
            self.job.waits.append(time.perf_counter() - self.asked_at)
        is_body = self.expected == b"354"
        octets, self.expected = next(self.steps, (b"", b""))
        self.asked_at = time.perf_counter() if is_body else 0.0
        if octets.startswith(b"MAIL"):
            self.job.when_due(lambda: self.transport.write(octets))
        elif octets:
            self.transport.write(octets)
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Job:
    """The remaining messages, shared by all connections."""

    def __init__(self, messages: int, size: int, each: int, rate: float) -> None:
        self.left = messages
        self.every = 1 / rate if rate else 0.0  # seconds between two messages
        self.due = 0.0
        self.waits: list[float] = []  # seconds until each 250
        self.each = each  # messages in a connection; 0: as many as there are
        header = (
            b"From: Shop <orders@shop.test>\r\nTo: Ann <ann@example.com>\r\n"
            b"Subject: Your order 10482 is confirmed\r\n"
            b"Date: Sun, 22 Nov 2026 21:04:31 +0000\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        )
        lines = max(1, (size - len(header) - len(_ID) - _DIGITS) // len(LINE))
        self.rest = header + b"\r\n" + LINE * lines + b".\r\n"
        self.ids = count(time.time_ns())

    def when_due(self, send: Callable[[], None]) -> None:
        """Send a message's first command, at once or when the rate allows it."""
        if not self.every:
            send()
            return
        loop = asyncio.get_running_loop()
        self.due = max(self.due + self.every, loop.time())
        loop.call_at(self.due, send)

    def steps(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the octets to send, with the beginning of the required reply."""
        yield b"EHLO bench.example\r\n", b"250"
        sent = 0
        while self.left > 0 and (not self.each or sent < self.each):
            self.left -= 1
            sent += 1
            yield b"MAIL FROM:<orders@shop.test>\r\n", b"250"
            yield b"RCPT TO:<ann@example.com>\r\n", b"250"
            yield b"DATA\r\n", b"354"
            yield _ID % next(self.ids) + self.rest, b"250"
        yield b"QUIT\r\n", b"221"


async def run(host: str, port: int, job: Job, connections: int) -> float:
    """Send the job's messages; return the seconds used."""
    loop = asyncio.get_running_loop()

    async def worker() -> None:
        while job.left > 0:
            client = Client(job, loop.create_future())
            await loop.create_connection(lambda client=client: client, host, port)
            await client.done

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--size", type=int, default=2048, help="octets")
    parser.add_argument("--each", type=int, default=0, help="messages a connection")
    parser.add_argument("--rate", type=float, default=0, help="messages a second")
    parser.add_argument("--waits", action="store_true", help="until each 250, in µs")
    options = parser.parse_args()
    job = Job(options.messages, options.size, options.each, options.rate)
    seconds = asyncio.run(run(options.host, options.port, job, options.connections))
    print(f"{options.messages / seconds:.0f}")
    if options.waits:
        print(*(round(each * 1e6) for each in job.waits))


if __name__ == "__main__":
    main()
