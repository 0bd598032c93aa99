"""The transport of a session with a next hop: one connection, which only moves octets."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from mailsink.ports import Courier
from mailsink.smtp.client.client_machine import ClientMachine, HopOutcome
from mailsink.smtp.client.hop_dialogue import (
    NEVER,
    HopDialogue,
    HopEffect,
    HopWait,
    ReadMore,
    deferred,
)
from mailsink.smtp.client.hop_values import ClientProfile
from mailsink.smtp.client.transcript import Transcript
from mailsink.smtp.net.couriers import carried_out
from mailsink.smtp.protocol.events import Ending, Event, SessionClosed, SessionOpened

_CONNECT = 60.0  # seconds
_SECOND = 1_000_000


class OutgoingSession:
    """A session with a next hop, from the connect to its end; recorded as it goes."""

    def __init__(
        self,
        session: UUID,
        host: str,
        port: int,
        profile: ClientProfile,
        courier: Courier,
        record: Callable[[Event], None],
    ) -> None:
        """session: a new id for this session."""
        self.session = session
        self._address = (host, port)
        self._profile = profile
        self._courier = courier
        self._record = record
        self._opened_ns = time.monotonic_ns()
        self._happened = asyncio.Event()
        self._stopped = False
        self._dialogue: HopDialogue | None = None

    @property
    def tls_version(self) -> str:
        """The TLS version of the session, also after its end; "" without TLS."""
        tls = self._dialogue.tls if self._dialogue is not None else None
        return tls.version if tls is not None else ""

    async def run(self) -> HopOutcome:
        """Connect, deliver, close; return how the session ended.

        If the courier has no mail, the session tries whether some could go out: it
        sends only EHLO, STARTTLS, a login and QUIT.

        The next hop's behaviour raises nothing. The courier's errors end the session
        and are raised.
        """
        try:
            transport = await self._connect()
        except (OSError, UnicodeError) as error:
            return await self._unreachable(error)
        outcome = HopOutcome("error")
        try:
            outcome = await self._converse()
        finally:
            # close() would wait for a server that reads nothing more.
            (transport.close if outcome.ending == "quit" else transport.abort)()
            self._record(SessionClosed(self.session, self._clock(), outcome.ending))
        return outcome

    def stop(self) -> None:
        """End the session as soon as its state is known."""
        self._stopped = True
        if self._dialogue is not None:
            self._dialogue.stop_now = True
        self._happened.set()

    # Called by _Wire, the asyncio.Protocol

    def receive(self, octets: bytes) -> None:
        assert self._dialogue is not None
        self._dialogue.receive(octets)
        self._happened.set()

    def end(self) -> None:
        assert self._dialogue is not None
        self._dialogue.eof = True
        self._happened.set()

    def block(self, blocked: bool) -> None:
        assert self._dialogue is not None
        self._dialogue.output_blocked = blocked
        self._happened.set()

    # Inside

    def _clock(self) -> int:
        return (time.monotonic_ns() - self._opened_ns) // 1000

    async def _connect(self) -> asyncio.Transport:
        """Return a connection whose dialogue has begun. Raises OSError."""
        loop = asyncio.get_running_loop()
        connecting = loop.create_task(
            loop.create_connection(lambda: _Wire(self), *self._address)
        )
        stopped = loop.create_task(self._happened.wait())
        seconds = _CONNECT * self._profile.patience
        await asyncio.wait(
            {connecting, stopped}, timeout=seconds, return_when="FIRST_COMPLETED"
        )
        stopped.cancel()
        if connecting.done() or self._dialogue is not None:
            return (await connecting)[0]
        connecting.cancel()
        raise OSError("Mailsink was stopped") if self._stopped else TimeoutError

    async def _unreachable(self, error: Exception) -> HopOutcome:
        """Record that the connection failed, and report that for the first message."""
        host, port = self._address
        text = f"No connection to {host} port {port}: {_reason(error)}."
        self._open("", 0)
        transcript = Transcript(self.session, self._record, self._clock)
        transcript.notice(text)
        ending: Ending = "timeout" if isinstance(error, TimeoutError) else "refused"
        self._record(SessionClosed(self.session, self._clock(), ending))
        mail = None if self._stopped else await self._courier.next_mail()
        if mail is not None:
            result = deferred(text, "4.4.1")
            await self._courier.report(mail, (result,) * len(mail.recipients))
        return HopOutcome(ending, text)

    def _open(self, address: str, port: int) -> None:
        host, hop_port = self._address
        self._record(
            SessionOpened(
                self.session, f"{host}:{hop_port}", address, port, time.time(),
                direction="out",
            )
        )  # fmt: skip

    def begin(self, transport: asyncio.Transport) -> None:
        """Begin the dialogue on a fresh connection."""
        address, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self._open(str(address), int(port))
        transcript = Transcript(self.session, self._record, self._clock)

        def write(octets: bytes) -> bool:
            if transport.is_closing():
                return False
            transport.write(octets)
            return True

        self._dialogue = HopDialogue(self._profile, transcript, write)

    async def _converse(self) -> HopOutcome:
        assert self._dialogue is not None
        machine = ClientMachine(self._dialogue)
        effect = machine.step()
        while effect is not None:
            try:
                result = await self._result(effect)
            except OSError as error:
                if not isinstance(effect, ReadMore):
                    raise
                effect = machine.fail(error)
            else:
                effect = machine.step(result)
        assert machine.outcome is not None
        return machine.outcome

    async def _result(self, effect: HopEffect) -> object:
        if effect in (HopWait.REPLY, HopWait.WRITABLE):
            await self._wait()
            return None
        return await carried_out(effect, self._courier)

    async def _wait(self) -> None:
        """Return when something happened, or at the dialogue's wake time."""
        assert self._dialogue is not None
        wake_at = self._dialogue.wake_at
        seconds = None if wake_at >= NEVER else (wake_at - self._clock()) / _SECOND
        with suppress(TimeoutError):
            await asyncio.wait_for(self._happened.wait(), seconds)
        self._happened.clear()


def _reason(error: Exception) -> str:
    """Return the reason of a failed connection, without Python's wording."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "there is no such host"
    # For a host with several addresses, asyncio joins all errors into one text.
    number = re.search(r"\[Errno (\d+)\]", str(error))
    return os.strerror(int(number[1])).lower() if number else str(error)


class _Wire(asyncio.Protocol):
    """Passes the event loop's calls on to the session."""

    def __init__(self, session: OutgoingSession) -> None:
        self._session = session

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._session.begin(transport)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        self._session.receive(data)

    def eof_received(self) -> None:
        self._session.end()

    def connection_lost(self, error: Exception | None) -> None:
        self._session.end()

    def pause_writing(self) -> None:
        self._session.block(True)

    def resume_writing(self) -> None:
        self._session.block(False)
