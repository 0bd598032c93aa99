"""The transport: one aiosmtpd connection that only moves bytes, and the listener.

A connection lets its machine go on whenever something comes, and grants its wishes.
Nothing runs between two octets but what the machine asked for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from mailsink.ids import uuid7
from mailsink.ports import Consult
from mailsink.smtp.machine import Machine, Outside, Peer
from mailsink.smtp.wishes import MORE, Authenticate, Keep, OffLoop, Wish

if TYPE_CHECKING:
    from mailsink.smtp.listener import Listener

log = logging.getLogger("mailsink.smtp")

_MUCH = 1024 * 1024  # octets buffered, above which reading rests
_LINGER = 2.0  # seconds for a client to read why it is turned away


class Connection(SMTP):
    """One client. aiosmtpd constructs; input, output and commands are the machine's."""

    machine: Machine
    transport: asyncio.Transport

    def __init__(self, listener: Listener) -> None:
        # aiosmtpd's constructor looks itself over anew for each connection, at a cost
        # of several messages; the listener has it do so once.
        self.__dict__.update(listener.prototype)
        self._listener = listener
        self._resting = False
        self._ended = False
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        listener, loop = self._listener, self.loop
        peer = (transport.get_extra_info("peername") or ("", 0))[:2]
        began = loop.time()
        self.machine = Machine(
            listener.profile,
            Peer(uuid7(), listener.address, str(peer[0]), int(peer[1]), time.time()),
            Outside(
                self._write,
                listener.recorder.record,
                lambda: loop.time() - began,
                listener.stages,
                listener.status,
            ),
            listener.admit(self, str(peer[0])),
        )
        self._began = began
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        machine = self.machine
        machine.receive(data)
        if self._resting:
            self._go_on()
        if not self._paused and len(machine.buffer) > _MUCH:
            self._paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection: a client that has said all may still listen."""
        self.machine.end_input()
        self.wake()
        return not self._ended

    def connection_lost(self, error: Exception | None) -> None:
        self.machine.lose()
        self.wake()

    def pause_writing(self) -> None:
        self.machine.choked = True

    def resume_writing(self) -> None:
        self.machine.choked = False
        self.wake()

    # Letting the machine go on

    def wake(self) -> None:
        """Let the machine see what has changed, if it is waiting."""
        if self._resting:
            self._go_on()

    def _go_on(self) -> None:
        self._resting = False
        self._follow(self.machine.step())

    def _follow(self, wish: Wish | None) -> None:
        if wish is MORE:
            self._rest()
        elif wish is None:
            self._finish()
        else:
            self._task = self.loop.create_task(self._grant(wish))

    async def _grant(self, wish: Wish | None) -> None:
        """Grant wishes until the machine waits for the client, or has ended."""
        while wish is not None and wish is not MORE:
            try:
                answer = await self._granted(wish)
            except Exception as error:
                wish = self.machine.fail(error)
            else:
                wish = self.machine.step(answer)
        self._follow(wish)

    async def _granted(self, wish: Wish) -> object:
        listener = self._listener
        if isinstance(wish, Keep):
            return await listener.recorder.keep(wish.arrival)
        if isinstance(wish, Consult):
            return await listener.policy.decide(wish)
        if isinstance(wish, OffLoop):
            return await self.loop.run_in_executor(None, wish.work)
        if isinstance(wish, Authenticate):
            if listener.authenticator is None:
                return True
            return await listener.authenticator.authenticate(wish.credentials)
        await asyncio.sleep(0)
        return await listener.recorder.room()

    def _rest(self) -> None:
        self._resting = True
        if self._paused and len(self.machine.buffer) < _MUCH:
            self._paused = False
            self.transport.resume_reading()
        wake_at = self._began + self.machine.wake_at
        timer = self._timer
        # A timer that goes off early does no harm, and saves making one for each wait.
        if timer is None or timer.when() > wake_at:
            if timer is not None:
                timer.cancel()
            self._timer = (
                self.loop.call_at(wake_at, self._ring)
                if wake_at < float("inf")
                else None
            )

    def _ring(self) -> None:
        self._timer = None
        if not self._resting:
            return
        if self.loop.time() >= self._began + self.machine.wake_at:
            self._go_on()
        else:
            self._rest()

    def _write(self, octets: bytes) -> bool:
        if self.machine.lost or self.transport.is_closing():
            return False
        self.transport.write(octets)
        return True

    def _finish(self) -> None:
        """Close, yet so that a client turned away can still read why."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._listener.forget(self)
        self.transport.close()
