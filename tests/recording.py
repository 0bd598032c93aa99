"""Scenarios for the recorder: what an engine would tell it, and a loop to tell it on."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from inbox.capture.recorder import Limits, Recorder
from inbox.capture.rows import SessionChanges
from inbox.models import Inbox
from inbox.upkeep import servers
from mailsink.ids import uuid7
from mailsink.ports import Refused, Stored
from mailsink.smtp.protocol import events
from tests.mails import HELLO

Scenario = Callable[[Recorder], Awaitable[Any]]


class Heard:
    """A feed that remembers what it was told."""

    def __init__(self) -> None:
        self.changes: list[SessionChanges] = []

    def committed(self, changes: SessionChanges) -> None:
        self.changes.append(changes)


def play(
    *scenarios: Scenario,
    feed: Heard | None = None,
    limits: Limits | None = None,
    nudge: Callable[[int], None] = lambda _: None,
) -> list[Any]:
    """Play scenarios side by side on a real recorder; return what they return."""
    server = servers.register(["127.0.0.1:1025"], [])
    inbox = Inbox.objects.get(slug="default")

    async def main() -> list[Any]:
        recorder = Recorder(server.id, inbox.pk, feed or Heard(), limits, nudge)
        recorder.start()
        try:
            return await asyncio.gather(*(each(recorder) for each in scenarios))
        finally:
            await recorder.stop()

    return asyncio.run(main())


class Client:
    """A session as the engine would tell of it."""

    def __init__(self, recorder: Recorder, protocol: str = "SMTP") -> None:
        self.recorder = recorder
        self.session = uuid7()
        self.seq = 0
        self.transaction: UUID | None = None
        self.transactions = 0
        recorder.record(
            events.SessionOpened(
                self.session,
                "127.0.0.1:1025",
                "127.0.0.1",
                50001,
                time.time(),
                protocol,
            )
        )
        self.exchange("connect", "", "", 220)

    def exchange(
        self,
        kind: events.Kind,
        verb: str,
        line: str,
        code: int | None,
        octets: int = 10,
    ) -> int:
        self.seq += 1
        self.recorder.record(
            events.ExchangeOpened(
                self.session, self.seq, kind, verb, line, octets, 10 * self.seq,
                self.transaction,
            )
        )  # fmt: skip
        if code is not None:
            self.reply(self.seq, code)
        return self.seq

    def reply(self, seq: int, code: int) -> None:
        self.recorder.record(
            events.ExchangeReplied(
                self.session, seq, code, "2.0.0", (f"{code} 2.0.0 Ok",),
                10 * seq + 1, 10 * seq + 2,
            )
        )  # fmt: skip

    def envelope(self, line: str = "MAIL FROM:<ann@example.com>") -> None:
        began = self.exchange("command", "MAIL", line, None)
        self.transaction = uuid7()
        self.transactions += 1
        self.recorder.record(
            events.TransactionStarted(
                self.session, self.transaction, self.transactions,
                "ann@example.com", "SIZE=100", 30,
            )
        )  # fmt: skip
        self.reply(began, 250)
        for seq, code in ((1, 250), (2, 550)):
            self.recorder.record(
                events.RecipientAnswered(
                    self.session,
                    self.transaction,
                    seq,
                    f"bob{seq}@example.com",
                    "",
                    code,
                )
            )
            self.exchange("command", "RCPT", f"RCPT TO:<bob{seq}@example.com>", code)
        self.exchange("command", "DATA", "DATA", 354)

    async def send(
        self, octets: bytes = HELLO, handling: events.Handling = events.AS_USUAL
    ) -> Stored | Refused:
        assert self.transaction
        seq = self.exchange("body", "", "", None, len(octets))
        arrival = events.Arrival(
            self.session, self.transaction, 99, body(octets), handling
        )
        stored = await stored_as_by_a_connection(self.recorder, arrival)
        self.reply(seq, 250 if isinstance(stored, Stored) else stored.reply.code)
        self.transaction = None
        return stored

    def answer_each(self, transaction: UUID, code: int) -> None:
        event = events.DeliveryAnswered(self.session, transaction, (code,))
        self.recorder.record(event)

    def end(self, outcome: events.Outcome, body: events.Body | None) -> None:
        assert self.transaction
        self.recorder.record(
            events.TransactionEnded(
                self.session, self.transaction, outcome, 99, 552, body
            )
        )
        self.transaction = None

    def close(self, ending: events.Ending = "quit") -> None:
        self.recorder.record(events.SessionClosed(self.session, 1_500_000, ending))


async def stored_as_by_a_connection(
    recorder: Recorder, arrival: events.Arrival
) -> Stored | Refused:
    """Have a message stored at once where that is possible."""
    answered: asyncio.Future[Stored | Refused] = (
        asyncio.get_running_loop().create_future()
    )
    if recorder.store_now(arrival, answered.set_result):
        return await answered
    return await recorder.store(arrival)


def body(octets: bytes, complete: bool = True) -> events.Body:
    digest = hashlib.sha256(octets).hexdigest()
    return events.Body(len(octets), digest, complete, content=octets)


async def one_message(recorder: Recorder) -> Stored | Refused:
    client = Client(recorder)
    client.envelope()
    stored = await client.send()
    client.close()
    return stored
