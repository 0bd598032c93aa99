"""A few sessions over real sockets: what only the transport can get wrong."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import struct
from collections import namedtuple
from pathlib import Path

import pytest

from mailsink.ports import Credentials, Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import (
    ExchangeReplied,
    SessionOpened,
    TransactionEnded,
)
from tests.busy import others_at_work
from tests.smtp.listening import (
    MIB,
    Policy,
    Serve,
    serve,
    turns_until,
)

__all__ = ["serve"]  # the fixture


async def test_smtplib_sends(serve: Serve) -> None:
    running = await serve()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=120) as client:
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
        with smtplib.SMTP("127.0.0.1", running.port, timeout=120) as client:
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
            smtplib.SMTP("127.0.0.1", running.port, timeout=120) as client,
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
            smtplib.SMTP("127.0.0.1", running.port, timeout=120) as client,
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
        async with asyncio.timeout(120):
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
    await turns_until(lambda: connection.machine.session.eof)
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
    await turns_until(lambda: len(connection.machine.session.input) > MIB)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(connection.machine.session.input) < 2 * MIB
    flood.cancel()
    running.memory.gate.set()
    assert b"queued as" in await reader.readline()
    writer.transport.abort()
    await running.memory.ended()


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
    await turns_until(
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
    drained = asyncio.create_task(running.listener.drain(120))
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
    async with asyncio.timeout(120):
        await running.listener.drain(0.01)
    assert (await reader.read()).startswith(b"421 4.3.2 ")
    (event,) = [e for e in running.memory.events if isinstance(e, TransactionEnded)]
    assert event.body is not None
    assert event.body.content == b"half"
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
