"""The transport: one aiosmtpd connection, which only moves bytes.

It steps its machine whenever something arrives, carries out the effects that the
machine asks for, and sets the timer for its waits. It derives from aiosmtpd's SMTP, but
the machine handles input, output and commands.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Protocol

from aiosmtpd.smtp import SMTP

from mailsink.ids import uuid7
from mailsink.mail_threads import in_mail_thread
from mailsink.ports import (
    Authenticator,
    Consult,
    Courier,
    HeldMail,
    Policy,
    Recorder,
    Stage,
)
from mailsink.smtp.machine import Machine
from mailsink.smtp.net.couriers import carried_out
from mailsink.smtp.net.passes import MOST, Passes
from mailsink.smtp.net.turns import Turns
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import Event
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import (
    NEED_INPUT,
    PAUSE,
    YIELD,
    AskCourier,
    AskForMail,
    Authenticate,
    Effect,
    LookUpVerifier,
    RunInThread,
    StoreMessage,
)
from mailsink.smtp.session.host import Peer
from mailsink.smtp.session.session import NEVER

_MUCH = 1024 * 1024  # octets buffered, above which reading pauses
_LINGER = 2.0  # seconds for a refused client to read the reason
_NO_LINGER = struct.pack("ii", 1, 0)  # on, 0 seconds: closing resets the connection

# The loop's receive buffer. It is emptied before the next read, so that one buffer
# serves all connections of the thread.
_RECEIVED = memoryview(bytearray(MOST))


class Server(Protocol):
    """The listener that accepted a connection, as the connection sees it."""

    profile: Profile
    recorder: Recorder
    policy: Policy
    authenticator: Authenticator
    held_mail: HeldMail
    address: str
    prototype: dict[str, object]  # attributes of aiosmtpd's SMTP
    turns: Turns
    passes: Passes

    def status(self) -> Sequence[str]:
        """Return the lines of HELP STATUS."""

    def room(self) -> float:
        """Return how many octets the disk can take now."""

    def connected(self, connection: Connection) -> None:
        """Count a new connection, whose client is not known yet."""

    def admit(self, connection: Connection, client: str) -> Reply | None:
        """Count a connection for its client.

        Return the refusal if a limit is exceeded.
        """

    def disconnected(self, connection: Connection) -> None:
        """Forget a connection: its session has ended."""


class Connection(SMTP, asyncio.BufferedProtocol):
    """One client, and the Host of its session."""

    machine: Machine

    def __init__(self, server: Server) -> None:
        # For each connection, aiosmtpd's constructor inspects its class, which costs as
        # much as several messages. The listener runs it once.
        self.__dict__.update(server.prototype)
        self._server = server
        self.record: Callable[[Event], None] = server.recorder.record
        self._resting = False
        self._ended = False
        self._paused = False  # because too much is buffered
        self._awaits_share = False  # for its next read
        self._share = 0  # octets that it can read now
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = NEVER
        self._task: asyncio.Task[None] | None = None
        self._turn: asyncio.Future[None] | None = None
        self._courier: Courier | None = None  # once the roles are reversed

    # asyncio.BufferedProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket_transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._opened_ns = self._heard_ns = time.monotonic_ns()
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        address = self._server.address
        peer = Peer(uuid7(), address, str(host), int(port), time.time())
        self.machine = Machine(self._server.profile, peer, self)
        self._server.connected(self)
        self._run()

    def get_buffer(self, sizehint: int) -> memoryview:
        secure = self.machine.session.tls is not None
        self._share = self._server.passes.share(secure)
        return _RECEIVED[: self._share]

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(_RECEIVED[:nbytes]))
        passes = self._server.passes
        if nbytes == self._share and passes.crowded and not self._ended:
            self._awaits_share = True
            self._socket_transport.pause_reading()
            passes.wait_in_line(self)

    def read_on(self) -> None:
        self._awaits_share = False
        if not self._paused:
            self._socket_transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take octets from the client; all of them pass here."""
        if self._ended:
            return  # the client is refused, and now only reads the reason
        began_ns = self._heard_ns = time.monotonic_ns()
        self.machine.receive(data)
        self.wake()
        self._server.passes.spend(time.monotonic_ns() - began_ns)
        if not self._paused and len(self.machine.session.input) > _MUCH:
            self._paused = True
            self._socket_transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection: a client that has sent everything may still read."""
        if self._ended:
            return False
        self.machine.end_input()
        self.wake()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.machine.lose()
        self.wake()

    def pause_writing(self) -> None:
        self.machine.block_output(True)

    def resume_writing(self) -> None:
        self.machine.block_output(False)
        self.wake()

    # Running the machine

    def wake(self) -> None:
        """Run the machine if it waits: something arrived or changed."""
        if self._resting:
            self._run()

    def _run(self) -> None:
        self._resting = False
        self._go_on(None)

    def _follow(self, effect: Effect | None) -> None:
        if isinstance(effect, Consult):
            effect = self._consulted(effect)
        if effect is NEED_INPUT:
            self._rest()
        elif effect is None:
            self._finish()
        elif not (isinstance(effect, StoreMessage) and self._stored_now(effect)):
            self._task = self.loop.create_task(self._carry_out(effect))

    def _stored_now(self, effect: StoreMessage) -> bool:
        """Store a message without a task, if possible; return False if it needs one.

        A task costs more than most other steps of a message.
        """
        try:
            return self._server.recorder.store_now(effect.arrival, self._go_on)
        except Exception as error:
            self._follow(self._in_line(self.machine.fail(error)))
            return True

    def _go_on(self, result: object) -> None:
        """Continue with the result of an earlier effect."""
        self._follow(self._in_line(self.machine.step(result)))

    def _consulted(self, effect: Effect | None) -> Effect | None:
        """Answer consultations as long as none has to wait, which would need a task."""
        while isinstance(effect, Consult):
            try:
                decision = self._server.policy.decide_now(effect)
            except Exception as error:
                effect = self._in_line(self.machine.fail(error))
                continue
            if decision is None:
                break
            effect = self._in_line(self.machine.step(decision))
        return effect

    async def _carry_out(self, effect: Effect | None) -> None:
        """Carry out effects until the machine waits for the client, or has ended."""
        while effect is not None and effect is not NEED_INPUT:
            try:
                result = await self._result(effect)
            except Exception as error:
                effect = self._in_line(self.machine.fail(error))
            else:
                effect = self._in_line(self.machine.step(result))
        self._follow(effect)

    def _in_line(self, effect: Effect | None) -> Effect | None:
        """Join the line if the machine asks for a turn; return its effect unchanged.

        Busy sessions must know of each other from the first pass on.
        """
        if effect is YIELD:
            self._turn = self._server.turns.wait()
        return effect

    async def _result(self, effect: Effect) -> object:
        server = self._server
        if isinstance(effect, StoreMessage):
            return await server.recorder.store(effect.arrival)
        if isinstance(effect, Consult):
            return await server.policy.decide(effect)
        if isinstance(effect, RunInThread):
            return await in_mail_thread(effect.work)
        if isinstance(effect, Authenticate):
            return await server.authenticator.authenticate(effect.credentials)
        if isinstance(effect, LookUpVerifier):
            return await server.authenticator.verifier(effect.username)
        if isinstance(effect, AskCourier):
            assert self._courier is not None
            return await carried_out(effect.request, self._courier)
        if isinstance(effect, AskForMail):
            return await self._ask_for_mail(effect)
        if effect is PAUSE:
            await asyncio.sleep(0)
        else:
            assert self._turn is not None
            await self._turn
        await server.recorder.room()
        return None

    async def _ask_for_mail(self, effect: AskForMail) -> Reply | None:
        answer = await self._server.held_mail.ask(effect.request)
        if isinstance(answer, Reply):
            return answer
        self._courier = answer
        return None

    # Waiting

    def _rest(self) -> None:
        self._resting = True
        if self._paused and len(self.machine.session.input) < _MUCH:
            self._paused = False
            if not self._awaits_share:
                self._socket_transport.resume_reading()
        # A timer that rings early does no harm, so one timer serves several waits.
        if self.machine.session.wake_at < self._rings_at:
            self._set_timer()

    def _set_timer(self) -> None:
        self._stop_timer()
        self._rings_at = self.machine.session.wake_at
        if self._rings_at < NEVER:
            seconds = (self._rings_at - self.clock()) / 1_000_000
            self._timer = self.loop.call_later(max(seconds, 0), self._ring)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._rings_at = None, NEVER

    def _ring(self) -> None:
        self._timer, self._rings_at = None, NEVER
        if not self._resting:
            return
        if self.clock() >= self.machine.session.wake_at:
            self._run()
        else:
            self._set_timer()

    # Admitted

    def idle(self) -> float:
        return (time.monotonic_ns() - self._heard_ns) / 1e9 if self._resting else 0.0

    def give_way(self) -> None:
        self.machine.give_way(max(1, int(self.idle())))
        self.wake()

    # Host

    def write(self, octets: bytes) -> bool:
        transport = self._socket_transport
        if self.machine.session.lost or transport.is_closing():
            return False
        transport.write(octets)
        return True

    def clock(self) -> int:
        return (time.monotonic_ns() - self._opened_ns) // 1000

    def stages(self) -> Collection[Stage]:
        return self._server.policy.stages

    def asks(self, name: str) -> bool:
        return self._server.policy.asks(name)

    def status(self) -> Sequence[str]:
        return self._server.status()

    def admit(self, client: str) -> Reply | None:
        return self._server.admit(self, client)

    def supports(self, mechanism: str) -> bool:
        return self._server.authenticator.supports(mechanism)

    def room(self) -> float:
        return self._server.room()

    def crowded(self) -> bool:
        return self._server.turns.crowded()

    # The end

    def _finish(self) -> None:
        """Close so that a refused client can still read the reason."""
        self._ended = True
        self._stop_timer()
        self._server.disconnected(self)
        if self._courier is not None:
            self._courier.close()
        transport = self._socket_transport
        session = self.machine.session
        if session.resets:
            self._reset()
            return
        # After QUIT the client waits for our close; refused at the connect, it sent
        # nothing.
        took_leave = session.ending in ("quit", "turned")
        heard = session.eof or took_leave or session.refusal is not None
        if heard or transport.is_closing() or not transport.can_write_eof():
            transport.close()
            return
        # Closing with unread octets would reset the connection, and lose our reply.
        transport.resume_reading()
        with suppress(OSError):  # the client may be gone by now
            transport.write_eof()
        self.loop.call_later(_LINGER, transport.abort)

    def _reset(self) -> None:
        """Drop the connection with RST, so that the client sees ECONNRESET."""
        sock = self._socket_transport.get_extra_info("socket")
        with suppress(OSError):  # the client may be gone by now
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._socket_transport.abort()

    def abort(self) -> None:
        """Drop the connection, even in the middle of a session."""
        self._socket_transport.abort()
