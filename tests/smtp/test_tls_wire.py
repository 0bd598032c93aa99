"""TLS over real sockets: whole messages, backs turned, and the drain."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import struct

import pytest

from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import ExchangeOpened, SessionUpdated
from tests.smtp import tls_client
from tests.smtp.listening import Memory, Running, Serve, serve, turns_until
from tests.smtp.tls_client import NAME, careless, suspicious, trusting

__all__ = ["serve"]

EHLO = b"EHLO client.test\r\n"
ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def profile(**options: object) -> Profile:
    return Profile(hostname=NAME, tls=tls_client.server(), **options)  # type: ignore[arg-type]


async def secured(running: Running) -> Streams:
    """Connect to a listener that begins with TLS, and read the greeting."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", running.port, ssl=trusting(), server_hostname=NAME
    )
    assert (await reader.readline()).startswith(b"220 ")
    return reader, writer


def facts(memory: Memory) -> dict[str, object]:
    told = [each for each in memory.events if isinstance(each, SessionUpdated)]
    return {name: value for each in told for name, value in each.changes.items()}


def flags(memory: Memory) -> set[str]:
    """Of the last line that was told."""
    return set([e for e in memory.events if isinstance(e, ExchangeOpened)][-1].flags)


async def test_smtplib_by_starttls(serve: Serve) -> None:
    running = await serve(profile())
    body = b"x" * 76 + b"\r\n"

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=120) as client:
            client._host = NAME  # type: ignore[attr-defined]  # the name it checks
            assert client.starttls(context=trusting())[0] == 220
            client.login("joe", "s3cret")
            for _ in range(3):
                client.sendmail("a@example.com", ["b@example.com"], body * 66_000)
            with pytest.raises(smtplib.SMTPNotSupportedError):
                client.starttls(context=trusting())

    await asyncio.to_thread(send)
    assert [each.body.size for each in running.memory.arrivals] == [78 * 66_000] * 3
    assert await running.memory.ended() == ["quit"]
    assert facts(running.memory)["protocol"] == "ESMTPSA"
    assert facts(running.memory)["tls_sni"] == NAME


async def test_smtplib_over_smtps(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True))

    def send() -> None:
        with smtplib.SMTP_SSL(
            "127.0.0.1", running.port, timeout=120, context=careless()
        ) as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: x\n\n.dot\n")

    await asyncio.to_thread(send)
    assert running.memory.arrivals[0].body.content == b"Subject: x\r\n\r\n.dot\r\n"
    assert facts(running.memory)["protocol"] == "ESMTPS"


async def test_who_says_close_notify_still_hears_the_reply(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True))
    reader, writer = await running.connect()
    client = tls_client.TlsClient(trusting())
    done, octets = client.shake_hands()
    while not done:
        writer.write(octets)
        done, octets = client.shake_hands(await reader.read(65536))
    writer.write(octets + client.wrap(EHLO + ENVELOPE + b"DATA\r\n"))
    heard = b""
    while b"354 " not in heard:
        heard += client.unwrap(await reader.read(65536))
    running.memory.gate.clear()
    writer.write(client.wrap(b"x\r\n.\r\n") + client.close())
    (connection,) = running.listener._clients
    await running.memory.until(lambda: bool(running.memory.arrivals))
    await turns_until(lambda: connection.machine.session.eof)
    running.memory.gate.set()
    heard = client.unwrap(await reader.read())
    assert b"queued as" in heard
    assert client.ended
    assert await running.memory.ended() == ["dropped"]
    writer.close()


async def test_who_does_not_trust_gets_no_further(serve: Serve) -> None:
    running = await serve(profile())

    def begin() -> None:
        with (
            smtplib.SMTP("127.0.0.1", running.port, timeout=120) as client,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            client.starttls(context=suspicious())

    await asyncio.to_thread(begin)
    assert await running.memory.ended() == ["tls_failed"]
    assert flags(running.memory) == {"tls_untrusted"}


async def test_the_client_is_told_by_an_alert_which_version_to_speak(
    serve: Serve,
) -> None:
    running = await serve(profile(implicit_tls=True))
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        await asyncio.open_connection(
            "127.0.0.1", running.port, ssl=careless(ssl.TLSVersion.TLSv1_1)
        )
    assert await running.memory.ended() == ["tls_failed"]
    assert flags(running.memory) == {"tls_no_version"}


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
async def test_who_drops_in_the_handshake(serve: Serve, reset: bool) -> None:
    running = await serve(profile(implicit_tls=True))
    _, hello = tls_client.TlsClient(trusting()).shake_hands()
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        await asyncio.to_thread(client.sendall, hello[:200])
        await running.memory.until(
            lambda: any(isinstance(e, ExchangeOpened) for e in running.memory.events)
        )
        if reset:
            linger = struct.pack("ii", 1, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert await running.memory.ended() == ["tls_failed"]
    assert flags(running.memory) == {"tls_broken"}


async def test_a_handshake_that_does_not_go_on(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True, handshake_timeout=0.05))
    reader, writer = await running.connect()
    writer.write(tls_client.TlsClient(trusting()).shake_hands()[1][:100])
    assert await reader.read() == b""
    assert await running.memory.ended() == ["tls_failed"]
    writer.close()


async def test_plain_text_is_answered_in_plain_text(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True))
    reader, writer = await running.connect()
    writer.write(EHLO)
    assert (await reader.read()).startswith(b"554 5.5.1 This is where TLS begins")
    assert await running.memory.ended() == ["tls_failed"]
    writer.close()


async def test_a_failed_handshake_leaves_the_others_alone(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True))
    reader, writer = await secured(running)
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", running.port, ssl=suspicious())
    await running.memory.ended()
    writer.write(b"NOOP\r\n")
    assert await reader.readline() == b"250 2.0.0 Ok\r\n"
    writer.close()


async def test_drain(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True))
    idle, idle_writer = await secured(running)
    busy, busy_writer = await secured(running)
    silent, silent_writer = await running.connect()
    busy_writer.write(EHLO + ENVELOPE + b"DATA\r\n")
    await busy.readuntil(b"354 End the message with <CRLF>.<CRLF>\r\n")
    drained = asyncio.create_task(running.listener.drain(120))
    assert (await idle.read()).startswith(b"421 4.3.2 ")
    assert await silent.read() == b""
    busy_writer.write(b"x\r\n.\r\n")
    heard = await busy.read()
    assert heard.startswith(b"250 2.0.0 Ok: queued as ")
    assert b"\r\n421 4.3.2 " in heard
    await drained
    assert running.memory.endings() == ["shutdown"] * 3
    for writer in (idle_writer, busy_writer, silent_writer):
        writer.close()


async def test_drain_does_not_wait_for_a_handshake_for_ever(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True))
    reader, writer = await running.connect()
    writer.write(tls_client.TlsClient(trusting()).shake_hands()[1][:100])
    await running.memory.until(
        lambda: any(isinstance(e, ExchangeOpened) for e in running.memory.events)
    )
    async with asyncio.timeout(120):
        await running.listener.drain(0.01)
    assert await reader.read() == b""
    assert running.memory.endings() == ["shutdown"]
    writer.close()


async def test_who_never_reads_is_not_answered_for_ever(serve: Serve) -> None:
    running = await serve(profile(implicit_tls=True), send_buffer=4096)
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect(("127.0.0.1", running.port))
    _, writer = await asyncio.open_connection(
        sock=wire, ssl=trusting(), server_hostname=NAME
    )
    writer.transport.pause_reading()
    writer.write(b"HELP\r\n" * 3000)
    (connection,) = running.listener._clients
    await turns_until(lambda: connection.machine.session.output_blocked)
    assert connection._socket_transport.get_write_buffer_size() < 128 * 1024
    assert len(connection.machine.session.input) > 0
    writer.transport.abort()
    await running.memory.ended()
