"""A few sessions over real sockets: what only the transport can get wrong."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import struct
from collections import namedtuple
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest

from mailsink.ids import uuid7
from mailsink.ports import GO_ON, Consult, Credentials, Decision, Refused, Stage, Stored
from mailsink.smtp.net import admission as admitting
from mailsink.smtp.net.admission import Admission
from mailsink.smtp.net.listener import Listener
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import (
    Arrival,
    Event,
    ExchangeReplied,
    SessionClosed,
    SessionOpened,
    TransactionEnded,
)
from tests.busy import others_at_work

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

    async def store(self, arrival: Arrival) -> Stored | Refused:
        self.arrivals.append(arrival)
        self.changed.set()
        await self.gate.wait()
        return Stored(uuid7())

    async def room(self) -> None:
        await self.gate.wait()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
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


async def test_smtplib_sends(serve: Serve) -> None:
    running = await serve()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=20) as client:
            client.login("joe", "s3cret")
            client.sendmail("a@example.com", ["b@example.com"], "Subject: x\n\n.dot\n")

    await asyncio.to_thread(send)
    (arrival,) = running.memory.arrivals
    assert arrival.body.content == b"Subject: x\r\n\r\n.dot\r\n"
    assert await running.memory.ended() == ["quit"]
    opened = running.memory.events[0]
    assert isinstance(opened, SessionOpened)
    assert opened.listener == running.listener.address
    assert (opened.client_address, opened.client_port > 0) == ("127.0.0.1", True)


@pytest.mark.parametrize(
    ("decision", "error", "words"),
    [
        (
            Decision(close="before", resets=True),
            smtplib.SMTPServerDisconnected,
            "Connection reset by peer",
        ),
        (
            Decision(close="before"),
            smtplib.SMTPServerDisconnected,
            "Connection unexpectedly closed",
        ),
        (Decision(close="half"), smtplib.SMTPServerDisconnected, None),
        (Decision(kept=2), smtplib.SMTPSenderRefused, "25"),
        (Decision(garbled=True), smtplib.SMTPSenderRefused, "-1"),
    ],
)
@pytest.mark.parametrize("now", [False, True])
async def test_smtplib_meets_a_spoilt_reply(
    serve: Serve,
    decision: Decision,
    error: type[Exception],
    words: str | None,
    now: bool,
) -> None:
    running = await serve(policy=Policy(decision, frozenset({"mail"}), now))

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=20) as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: x\n\n")

    with pytest.raises(error, match=words):
        await asyncio.to_thread(send)
    assert len(await running.memory.ended()) == 1


@pytest.mark.parametrize("now", [False, True])
async def test_a_policy_that_fails_refuses_for_now(serve: Serve, now: bool) -> None:
    failing = Policy(stages=frozenset({"rcpt"}), now=now, error=RuntimeError("x"))
    running = await serve(policy=failing)

    def send() -> None:
        with (
            smtplib.SMTP("127.0.0.1", running.port, timeout=20) as client,
            pytest.raises(smtplib.SMTPRecipientsRefused, match="451"),
        ):
            client.sendmail("a@example.com", ["b@example.com"], "Subject: x\n\n")

    await asyncio.to_thread(send)
    assert await running.memory.ended() == ["quit"]


async def test_smtplib_with_wrong_credentials(serve: Serve) -> None:
    class Nobody:
        def supports(self, mechanism: str) -> bool:
            return True

        async def authenticate(self, credentials: Credentials) -> bool:
            return False

    running = await serve(authenticator=Nobody())

    def login() -> None:
        with (
            smtplib.SMTP("127.0.0.1", running.port, timeout=20) as client,
            pytest.raises(smtplib.SMTPAuthenticationError),
        ):
            client.login("joe", "s3cret")

    await asyncio.to_thread(login)


async def test_a_spooled_message_does_not_wait_for_the_work_of_others(
    serve: Serve, tmp_path: Path
) -> None:
    running = await serve(Profile(spool_dir=tmp_path))
    reader, writer = await running.connect()
    writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    with others_at_work():
        writer.write(b"x\r\n" * MIB + b".\r\nQUIT\r\n")
        async with asyncio.timeout(20):
            assert b"queued as" in await reader.read()
    writer.close()


async def test_a_large_message_is_spooled_and_memory_stays_small(
    serve: Serve, tmp_path: Path
) -> None:
    running = await serve(Profile(spool_dir=tmp_path))
    reader, writer = await running.connect()
    body = b"x" * 76 + b"\r\n"
    writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    for _ in range(100):
        writer.write(body * 1000)
        await writer.drain()
    writer.write(b".\r\nQUIT\r\n")
    assert b"queued as" in await reader.read()
    writer.close()
    (arrival,) = running.memory.arrivals
    assert arrival.body.path is not None
    assert arrival.body.path.read_bytes() == body * 100_000


async def test_a_folder_that_is_gone_is_for_the_recorder_to_refuse(
    serve: Serve, tmp_path: Path
) -> None:
    running = await serve(Profile(spool_dir=tmp_path / "gone"))
    reader, writer = await running.connect()
    writer.write(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=3\r\nQUIT\r\n")
    assert b"250 2.1.0 Sender ok" in await reader.read()
    writer.close()


async def test_a_half_closed_client_hears_everything(serve: Serve) -> None:
    running = await serve()
    reader, writer = await running.connect()
    writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    await reader.readuntil(b"354 End the message with <CRLF>.<CRLF>\r\n")
    running.memory.gate.clear()
    writer.write(b"x\r\n.\r\nQUIT\r\n")
    writer.write_eof()
    (connection,) = running.listener._clients
    await _turns_until(lambda: connection.machine.session.eof)
    running.memory.gate.set()
    heard = await reader.read()
    writer.close()
    assert heard.endswith(b"221 2.0.0 Bye\r\n")
    assert b"queued as" in heard
    assert await running.memory.ended() == ["quit"]


async def test_a_reset_in_a_body_is_abandoned(serve: Serve) -> None:
    running = await serve()
    reader, writer = await running.connect()
    writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nhalf")
    await reader.readuntil(b"354 End the message with <CRLF>.<CRLF>\r\n")
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    assert await running.memory.ended() == ["dropped"]
    (event,) = [e for e in running.memory.events if isinstance(e, TransactionEnded)]
    assert event.outcome == "abandoned"


async def test_reading_rests_while_a_message_is_stored(serve: Serve) -> None:
    running = await serve()
    reader, writer = await running.connect()
    await reader.readline()
    writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    await reader.readuntil(b"354 End the message with <CRLF>.<CRLF>\r\n")
    running.memory.gate.clear()
    writer.write(b"x\r\n.\r\n")
    await running.memory.until(lambda: bool(running.memory.arrivals))
    flood = asyncio.create_task(_flood(writer, b"NOOP " + b"x" * 12000 + b"\r\n", 500))
    (connection,) = running.listener._clients
    await _turns_until(lambda: len(connection.machine.session.input) > MIB)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(connection.machine.session.input) < 2 * MIB
    flood.cancel()
    running.memory.gate.set()
    assert b"queued as" in await reader.readline()
    writer.transport.abort()
    await running.memory.ended()


async def _turns_until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds that no event tells."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def _flood(writer: asyncio.StreamWriter, octets: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(octets)
        await writer.drain()


async def test_who_never_reads_is_not_answered_for_ever(serve: Serve) -> None:
    running = await serve(send_buffer=4096)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", running.port))
    client.sendall(b"HELP\r\n" * 3000)
    await _turns_until(
        lambda: any(
            each.machine.session.output_blocked for each in running.listener._clients
        )
    )
    (connection,) = running.listener._clients
    assert connection._socket_transport.get_write_buffer_size() < 128 * 1024
    assert len(connection.machine.session.input) > 0
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    await running.memory.ended()


async def test_drain(serve: Serve) -> None:
    running = await serve()
    idle, idle_writer = await running.connect()
    busy, busy_writer = await running.connect()
    assert (await idle.readline()).startswith(b"220 ")
    busy_writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    await busy.readuntil(b"354 End the message with <CRLF>.<CRLF>\r\n")
    drained = asyncio.create_task(running.listener.drain(20))
    assert (await idle.read()).startswith(b"421 4.3.2 ")
    with pytest.raises(OSError, match="onnect"):
        await running.connect()
    busy_writer.write(b"x\r\n.\r\n")
    heard = await busy.read()
    assert heard.startswith(b"250 2.0.0 Ok: queued as ")
    assert b"\r\n421 4.3.2 " in heard
    await drained
    assert running.memory.endings() == ["shutdown", "shutdown"]
    idle_writer.close()
    busy_writer.close()


async def test_drain_does_not_wait_for_ever(serve: Serve) -> None:
    running = await serve()
    reader, writer = await running.connect()
    writer.write(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nhalf")
    await reader.readuntil(b"354 End the message with <CRLF>.<CRLF>\r\n")
    async with asyncio.timeout(20):
        await running.listener.drain(0.01)
    assert (await reader.read()).startswith(b"421 4.3.2 ")
    (event,) = [e for e in running.memory.events if isinstance(e, TransactionEnded)]
    assert event.body is not None
    assert event.body.content == b"half"
    writer.close()


async def test_too_many_connections(serve: Serve) -> None:
    running = await serve(Profile(max_connections=1))
    reader, writer = await running.connect()
    assert (await reader.readline()).startswith(b"220 ")
    second, second_writer = await running.connect()
    assert (await second.read()) == (
        b"421 4.3.2 Too many connections, try again later\r\n"
    )
    second_writer.close()
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()
    await running.memory.ended(2)
    third, third_writer = await running.connect()
    assert (await third.readline()).startswith(b"220 ")
    third_writer.close()


async def test_too_many_connections_of_a_client(serve: Serve) -> None:
    running = await serve(Profile(max_connections_per_client=1))
    reader, writer = await running.connect()
    assert (await reader.readline()).startswith(b"220 ")
    second, second_writer = await running.connect()
    assert (await second.read()).startswith(b"421 4.7.0 Too many connections from ")
    second_writer.close()
    writer.close()


async def test_listeners_share_the_limits_of_their_process(serve: Serve) -> None:
    admission, profile = Admission(), Profile(max_connections=2)
    first = await serve(profile, admission=admission)
    second = await serve(profile, admission=admission)
    codes, writers = [], []
    for running in (first, second, first, second):
        reader, writer = await running.connect()
        codes.append((await reader.readline())[:3])
        writers.append(writer)
        if codes[-1] == b"421":
            await reader.read()
            await running.memory.ended()
    assert codes == [b"220", b"220", b"421", b"421"]
    for writer in writers:
        writer.close()


async def test_a_silent_client_gives_way_to_another(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admitting, "_IDLE", 0.0)
    running = await serve(Profile(max_connections=2))
    silent, waiting = await running.connect(), await running.connect()
    for reader, _ in (silent, waiting):
        assert (await reader.readline()).startswith(b"220 ")
    waiting[1].write(b"NOOP\r\n")
    assert (await waiting[0].readline()).startswith(b"250 ")
    reader, writer = await running.connect("127.0.0.2")
    assert (await reader.readline()).startswith(b"220 ")
    assert await silent[0].read() == (
        b"421 4.4.2 Nothing came for 1 seconds, closing\r\n"
    )
    for _, each in (silent, waiting, (reader, writer)):
        each.close()


async def test_0_is_no_limit(serve: Serve) -> None:
    running = await serve(Profile(max_connections=0, idle_timeout=0))
    writers = []
    for _ in range(20):
        reader, writer = await running.connect()
        assert (await reader.readline()).startswith(b"220 ")
        writers.append(writer)
    for writer in writers:
        writer.close()


async def test_a_balancers_client_is_who_is_counted(serve: Serve) -> None:
    behind = (ip_network("127.0.0.0/8"),)
    running = await serve(Profile(proxy_from=behind, max_connections_per_client=1))
    codes, writers = [], []
    for client in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        reader, writer = await running.connect()
        writer.write(f"PROXY TCP4 {client} 192.0.2.9 4711 25\r\n".encode())
        codes.append((await reader.readline())[:3])
        writers.append(writer)
    assert codes == [b"220", b"421", b"220"]
    for writer in writers:
        writer.close()


async def test_drain_does_not_wait_for_a_balancer(serve: Serve) -> None:
    running = await serve(Profile(proxy_from=(ip_network("127.0.0.0/8"),)))
    reader, writer = await running.connect()
    await running.memory.until(lambda: bool(running.memory.events))
    await running.listener.drain(20)
    assert await reader.read() == b""
    assert running.memory.endings() == ["shutdown"]
    writer.close()


async def test_congestion(serve: Serve) -> None:
    running = await serve()
    running.memory.congested = True
    running.memory.gate.clear()  # and there is no room
    reader, writer = await running.connect()
    assert (await reader.read()).startswith(b"421 4.3.2 The storage cannot keep up")
    writer.close()


async def test_newcomers_wait_for_room_in_the_recorder(serve: Serve) -> None:
    running = await serve()
    running.memory.gate.clear()
    reader, writer = await running.connect()
    await running.memory.until(lambda: bool(running.memory.events))
    greeting = asyncio.create_task(reader.readline())
    for _ in range(20):  # passes of the loop, of which a greeting takes a few
        await asyncio.sleep(0)
    assert not greeting.done()
    running.memory.gate.set()
    assert (await greeting).startswith(b"220 ")
    writer.close()


async def test_http_can_read_its_answer(serve: Serve) -> None:
    running = await serve(Profile(public_url="http://127.0.0.1:8025"))
    reader, writer = await running.connect()
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000)
    heard = await reader.read()
    assert b"HTTP/1.1 400 Bad Request\r\n" in heard
    assert b"http://127.0.0.1:8025" in heard
    writer.close()
    assert await running.memory.ended() == ["refused"]


async def test_octets_before_the_greeting_are_noticed(serve: Serve) -> None:
    running = await serve()
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.sendall(b"QUIT\r\n")  # the loop has not turned yet
        assert await running.memory.ended() == ["quit"]
    replied = [e for e in running.memory.events if isinstance(e, ExchangeReplied)]
    assert replied[0].flags == ("early_talker",)


async def test_time_runs_out(serve: Serve) -> None:
    running = await serve(Profile(idle_timeout=0.05))
    reader, writer = await running.connect()
    assert b"421 4.4.2 " in await reader.read()
    assert await running.memory.ended() == ["timeout"]
    writer.close()


async def test_the_room_on_the_disk_is_looked_up_once_a_second(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await serve()
    rooms = [100, 200]
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(rooms.pop(0)))
    assert [running.listener.room() for _ in range(3)] == [100] * 3
    running.listener._room_until -= 1.0
    assert running.listener.room() == 200


async def test_help_status(serve: Serve) -> None:
    running = await serve()
    reader, writer = await running.connect()
    writer.write(b"HELP STATUS\r\nQUIT\r\n")
    heard = (await reader.read()).decode()
    assert "211-2.0.0 Mailsink" in heard
    assert "211 2.0.0 Open sessions: 1" in heard
    writer.close()
