"""The transport of a session with a next hop, over real connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from mailsink.smtp.client.client_machine import HopOutcome
from mailsink.smtp.client.hop_values import ClientProfile, OutgoingMail, RecipientResult
from mailsink.smtp.net.outgoing_session import OutgoingSession
from mailsink.smtp.protocol.events import Event, ExchangeOpened
from tests.smtp.harness import SESSION
from tests.smtp.hop import mail

REPLIES = {"MAIL": "250 Ok", "RCPT": "250 Ok", "DATA": "354 Go", "QUIT": "221 Bye"}


class Courier:
    """Brings these messages, and keeps what became of them."""

    def __init__(self, *mails: OutgoingMail) -> None:
        self.reports: list[tuple[RecipientResult, ...]] = []
        self._mails = iter(mails)

    async def next_mail(self) -> OutgoingMail | None:
        return next(self._mails, None)

    async def last_look(self, mail: OutgoingMail) -> tuple[str, ...]:
        return ("",) * len(mail.recipients)

    async def message_ends(self, mail: OutgoingMail) -> None:
        pass

    async def report(
        self, mail: OutgoingMail, results: tuple[RecipientResult, ...]
    ) -> None:
        self.reports.append(results)


async def _hop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes everything."""
    writer.write(b"220 hop.test ESMTP\r\n")
    while line := await reader.readline():
        verb = line[:4].decode().upper()
        reply = REPLIES.get(verb, "250 hop.test")
        writer.write(f"{reply}\r\n".encode())
        if verb == "DATA":
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 2.0.0 Taken\r\n")


def run(courier: Courier, record: list[Event] | None = None) -> HopOutcome:
    """Hold a session with a server that takes everything."""
    events = [] if record is None else record

    async def converse() -> HopOutcome:
        left = asyncio.Event()

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await _hop(reader, writer)
            writer.close()
            left.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()[:2]
            profile = ClientProfile("sink.test", tls="off")
            session = OutgoingSession(
                SESSION, host, port, profile, courier, events.append
            )
            outcome = await session.run()
            await left.wait()
            return outcome

    return asyncio.run(converse())


def lines(events: list[Event]) -> list[str]:
    shown = {e.seq: e.line for e in events if isinstance(e, ExchangeOpened)}
    return list(shown.values())


def test_a_message_is_read_beside_the_loop() -> None:
    threads = set()

    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            threads.add(threading.get_ident())
            yield b"Subject: Hello\r\n\r\nx\r\n"

    courier = Courier(replace(mail(), pieces=pieces))
    assert run(courier) == ("quit", "")
    assert courier.reports[0][0].state == "delivered"
    assert threads
    assert threading.get_ident() not in threads


def test_a_message_that_cannot_be_read_is_put_off() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"Subject: Hello\r\n"
        raise OSError(5, "Input/output error")

    courier = Courier(replace(mail(), pieces=pieces))
    outcome = run(courier)
    text = "The message could not be read: Input/output error."
    assert outcome == ("error", text)
    assert [(each.state, each.text) for each in courier.reports[0]] == [
        ("deferred", text)
    ]


def test_without_mail_it_is_a_trial() -> None:
    events: list[Event] = []
    assert run(Courier(), events) == ("quit", "")
    assert lines(events) == ["", "EHLO sink.test", "QUIT"]
