"""Runs the process: one asyncio loop for SMTP and the web, signals, start and drain.

The only module that knows daphne and Twisted. Importing it makes the event loop.
What listens is given bound sockets, so that nothing can fail to bind after a start.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, cast

from daphne.http_protocol import HTTPFactory
from daphne.server import Server as Daphne
from daphne.server import twisted_loop as loop  # installs the asyncio reactor
from twisted.internet import defer
from twisted.internet import reactor as _reactor
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as Connection
from twisted.internet.tcp import Port
from twisted.internet.tcp import Server as Transport
from twisted.python.failure import Failure

from mailsink.web.callers import recognise, wrong_port

log = logging.getLogger(__name__)
reactor: Any = _reactor  # a module for mypy, since its kind is chosen at run time

GRACE = 5.0  # seconds for what is under way at a shutdown
_PATIENCE = 5.0  # seconds for a caller on the web port to say something
_MAX_FRAME = 64 * 1024  # octets of a websocket message


class Listener(Protocol):
    """A server on a socket of its own."""

    @property
    def address(self) -> str:
        """The address it is bound to: "127.0.0.1:1025"."""

    async def open(self) -> None:
        """Take connections from now on."""

    async def drain(self, grace: float) -> None:
        """Take no more; let what is under way end, within grace seconds."""


class Background(Protocol):
    """Work beside the servers."""

    def start(self) -> None:
        """Begin. Called on the running loop."""

    async def stop(self) -> None:
        """Finish what was begun."""


def run(
    app: Callable[..., Any],
    web_sockets: Sequence[socket.socket],
    listeners: Sequence[Listener],
    background: Sequence[Background],
    ready: Callable[[], None],
) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the process's exit code.

    app is an ASGI application; ready is called once everything takes connections.
    Background work starts first and stops last, so that nothing goes unrecorded.
    """
    web = _Web(app, web_sockets, [each.address for each in listeners])
    code = 0

    async def start() -> None:
        for each in background:
            each.start()
        for listener in listeners:
            await listener.open()
        ready()

    async def stop() -> None:
        await asyncio.gather(web.drain(), *(each.drain(GRACE) for each in listeners))
        for each in reversed(background):
            await each.stop()

    def failed(failure: Failure) -> None:
        nonlocal code
        code = 1
        log.critical("%s", failure.getErrorMessage(), exc_info=failure.value)
        if reactor.running and not reactor._stopped:
            reactor.stop()

    reactor.callWhenRunning(lambda: _deferred(start()).addErrback(failed))
    reactor.addSystemEventTrigger(
        "before", "shutdown", lambda: _deferred(stop()).addErrback(failed)
    )
    web.run()
    return code


def _deferred(work: Coroutine[Any, Any, None]) -> defer.Deferred[None]:
    return defer.Deferred.fromFuture(asyncio.ensure_future(work, loop=loop))


class _Web(Daphne):
    """Daphne on sockets that are bound already, or on none; drained at a shutdown."""

    def __init__(
        self,
        app: Callable[..., Any],
        sockets: Sequence[socket.socket],
        smtp: Sequence[str],
    ) -> None:
        super().__init__(
            app,
            endpoints=[f"fd:fileno={each.fileno()}" for each in sockets] or ["none"],
            websocket_max_message_size=_MAX_FRAME,
            websocket_max_frame_size=_MAX_FRAME,
            server_name="mailsink",
        )
        if not sockets:
            self.endpoints = []  # daphne refuses to be made without any
        self.sockets = sockets
        self.ports: list[Port] = []
        self.wrong_port = wrong_port(smtp)

    def listen_success(self, port: Port) -> None:
        """Put the doorkeeper before the HTTP server."""
        super().listen_success(port)
        port.factory = _Doorkeepers(self.http_factory, self.wrong_port)
        self.ports.append(port)

    def listen_error(self, failure: Failure) -> None:
        failure.raiseException()

    async def drain(self) -> None:
        """Take no more; end websockets, and requests once GRACE is over."""
        for port in self.ports:
            port.stopListening()
        applications = {
            details["application_instance"]: protocol
            for protocol, details in self.connections.items()
            if "application_instance" in details
        }
        for task, protocol in applications.items():
            if getattr(protocol, "application_type", "") == "websocket":
                task.cancel()
        if applications:
            _, late = await asyncio.wait(applications, timeout=GRACE)
            for task in late:
                task.cancel()

    def kill_all_applications(self) -> None:
        """Do nothing: daphne would end the requests at once, and drain ends them."""


class _Doorkeepers(Factory[Any]):
    """Makes a doorkeeper for each connection to the web port."""

    noisy = False

    def __init__(self, http: HTTPFactory, reply: bytes) -> None:
        self.http = http
        self.reply = reply

    def buildProtocol(self, addr: object) -> Connection:
        return _Doorkeeper(self.http, self.reply)


class _Doorkeeper(Connection):
    """Lets HTTP in at its first octets; tells SMTP clients where mail goes.

    An SMTP client says nothing until it is greeted: who is silent for _PATIENCE
    seconds gets the reply too. TLS is closed at once.
    """

    def __init__(self, http: HTTPFactory, reply: bytes) -> None:
        self.http = http
        self.reply = reply
        self.octets = b""

    def connectionMade(self) -> None:
        self.wire = cast(Transport, self.transport)
        self.clock = loop.call_later(_PATIENCE, self.time_is_up)

    def dataReceived(self, data: bytes) -> None:
        self.octets += data
        match recognise(self.octets):
            case "http":
                self.let_in()
            case "smtp":
                self.send_away()
            case "tls":
                self.wire.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.clock.cancel()

    def time_is_up(self) -> None:
        if self.octets:
            self.let_in()
        else:
            self.send_away()

    def send_away(self) -> None:
        self.clock.cancel()
        self.wire.write(self.reply)
        self.wire.loseConnection()

    def let_in(self) -> None:
        self.clock.cancel()
        http = self.http.buildProtocol(self.wire.getPeer())
        self.wire.protocol = http
        http.makeConnection(self.wire)
        http.dataReceived(self.octets)
