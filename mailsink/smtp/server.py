"""The transport: one aiosmtpd connection, which only moves bytes.

It lets its machine go on whenever something came, grants the machine's wishes, and
sets the clock for its waits. Constructed from aiosmtpd's SMTP; input, output and
commands are the machine's.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from mailsink.ids import uuid7
from mailsink.ports import Consult
from mailsink.smtp.machine import NEVER, Machine
from mailsink.smtp.outside import Outside, Peer
from mailsink.smtp.wishes import MORE, Authenticate, FindVerifier, Keep, OffLoop, Wish

if TYPE_CHECKING:
    from mailsink.smtp.listener import Listener

_MUCH = 1024 * 1024  # octets buffered, above which reading rests
_LINGER = 2.0  # seconds for a client to read why it is turned away

# Where the loop puts what it receives: used up before it receives anew, so that one
# does for all connections of the thread, and none is made for each read.
_RECEIVED = memoryview(bytearray(256 * 1024))


class Connection(SMTP, asyncio.BufferedProtocol):
    """One client."""

    machine: Machine

    def __init__(self, listener: Listener) -> None:
        # aiosmtpd's constructor looks itself over anew for each connection, at a cost
        # of several messages; the listener has it do so once.
        self.__dict__.update(listener.prototype)
        self._listener = listener
        self._resting = False
        self._ended = False
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = NEVER
        self._task: asyncio.Task[None] | None = None

    # asyncio.BufferedProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket_transport: asyncio.Transport = transport  # type: ignore[assignment]
        listener, began = self._listener, time.monotonic_ns()
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.machine = Machine(
            listener.profile,
            Peer(uuid7(), listener.address, str(host), int(port), time.time()),
            Outside(
                self._write,
                listener.recorder.record,
                lambda: (time.monotonic_ns() - began) // 1000,
                listener.stages,
                listener.status,
                lambda client: listener.admit(self, client),
                listener.authenticator.supports,
                listener.room,
            ),
        )
        listener.connected(self)
        self._go_on()

    def get_buffer(self, sizehint: int) -> memoryview:
        return _RECEIVED

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(_RECEIVED[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Every octet of the client comes in here."""
        if self._ended:
            return  # it is turned away, and only reads yet
        self.machine.receive(data)
        self.wake()
        if not self._paused and len(self.machine.buffer) > _MUCH:
            self._paused = True
            self._socket_transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection: a client that has said all may still listen."""
        if self._ended:
            return False
        self.machine.end_input()
        self.wake()
        return True

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
        """Let the machine see what has come or changed, if it is waiting."""
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
            return await listener.authenticator.authenticate(wish.credentials)
        if isinstance(wish, FindVerifier):
            return await listener.authenticator.verifier(wish.username)
        await asyncio.sleep(0)
        await listener.recorder.room()
        return None

    # Waiting

    def _rest(self) -> None:
        self._resting = True
        if self._paused and len(self.machine.buffer) < _MUCH:
            self._paused = False
            self._socket_transport.resume_reading()
        # A timer that rings early does no harm, and saves making one for each wait.
        if self.machine.wake_at < self._rings_at:
            self._set_timer()

    def _set_timer(self) -> None:
        self._stop_timer()
        self._rings_at = self.machine.wake_at
        if self._rings_at < NEVER:
            seconds = (self._rings_at - self.machine.now_us()) / 1_000_000
            self._timer = self.loop.call_later(max(seconds, 0), self._ring)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._rings_at = None, NEVER

    def _ring(self) -> None:
        self._timer, self._rings_at = None, NEVER
        if not self._resting:
            return
        if self.machine.now_us() >= self.machine.wake_at:
            self._go_on()
        else:
            self._set_timer()

    # The way out

    def _write(self, octets: bytes) -> bool:
        transport = self._socket_transport
        if self.machine.lost or transport.is_closing():
            return False
        transport.write(octets)
        return True

    def _finish(self) -> None:
        """Close, yet so that a client that is turned away can read why."""
        self._ended = True
        self._stop_timer()
        self._listener.forget(self)
        transport = self._socket_transport
        machine = self.machine
        # Who has said QUIT waits for our end; who was refused at the door said nothing.
        heard = machine.eof or machine.ending == "quit" or machine.refusal is not None
        if heard or transport.is_closing() or not transport.can_write_eof():
            transport.close()
            return
        # Closing with octets unread would reset the connection, and our reply with it.
        if self._paused:
            transport.resume_reading()
        with suppress(OSError):  # the client may be gone by now
            transport.write_eof()
        self.loop.call_later(_LINGER, transport.abort)

    def abort(self) -> None:
        """Drop the connection, whatever it is about."""
        self._socket_transport.abort()
