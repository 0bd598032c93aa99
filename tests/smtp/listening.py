"""A listener on a real socket, with a recorder and a policy of a test's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from mailsink.ids import uuid7
from mailsink.ports import GO_ON, Answer, Consult, Decision, Refused, Stage, Stored
from mailsink.smtp.net.admission import Admission
from mailsink.smtp.net.listener import Listener
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import (
    Arrival,
    Event,
    SessionClosed,
)

MIB = 1024 * 1024


@dataclass
class Memory:
    """A recorder that only remembers."""

    events: list[Event] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    congested: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def record(self, event: Event) -> None:
        self.events.append(event)
        self.changed.set()

    def store_now(self, arrival: Arrival, done: Answer) -> bool:
        return False

    async def store(self, arrival: Arrival) -> Stored | Refused:
        self.arrivals.append(arrival)
        self.changed.set()
        await self.gate.wait()
        return Stored(uuid7())

    async def room(self) -> None:
        await self.gate.wait()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    def endings(self) -> list[str]:
        return [each.ending for each in self.events if isinstance(each, SessionClosed)]

    async def ended(self, count: int = 1) -> list[str]:
        await self.until(lambda: len(self.endings()) >= count)
        return self.endings()


@dataclass
class Policy:
    """A policy of one decision, at a stage; without it things take their course."""

    decision: Decision = GO_ON
    stages: frozenset[Stage] = frozenset()
    now: bool = False  # whether nothing has to be waited for
    error: Exception | None = None

    def asks(self, name: str) -> bool:
        return False

    def decide_now(self, consult: Consult) -> Decision | None:
        return self._decided(consult) if self.now else None

    async def decide(self, consult: Consult) -> Decision:
        await asyncio.sleep(0)
        return self._decided(consult)

    def _decided(self, consult: Consult) -> Decision:
        if self.error is not None:
            raise self.error
        return self.decision if consult.stage in self.stages else GO_ON


@dataclass
class Running:
    listener: Listener
    memory: Memory
    port: int

    async def connect(
        self, client: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(client, 0)
        )


Serve = Callable[..., Awaitable[Running]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(
            profile: Profile | None = None,
            authenticator: object = None,
            send_buffer: int | None = None,
            admission: Admission | None = None,
            policy: Policy | None = None,
        ) -> Running:
            sock = socket.create_server(("127.0.0.1", 0))
            if send_buffer is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            memory = Memory()
            listener = Listener(
                sock,
                profile or Profile(hostname="mx.test"),
                memory,
                policy or Policy(),
                authenticator,  # type: ignore[arg-type]
                admission,
            )
            assert listener.address == f"127.0.0.1:{sock.getsockname()[1]}"
            await listener.open()

            async def stop() -> None:
                memory.gate.set()
                await listener.drain(0)

            stack.push_async_callback(stop)
            return Running(listener, memory, sock.getsockname()[1])

        yield start


async def turns_until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds that no event tells."""
    async with asyncio.timeout(120):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0)
