"""Runs the process: one asyncio loop for SMTP and the web, signals, start and drain.

The only module that knows daphne and Twisted. Importing it makes the event loop.
What listens is given bound sockets, so that nothing can fail to bind after a start.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, Protocol, cast

from autobahn.exception import Disconnected
from daphne.http_protocol import WebRequest
from daphne.server import Server as Daphne
from daphne.server import twisted_loop as loop  # installs the asyncio reactor
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer
from twisted.internet import reactor as _reactor
from twisted.internet.error import ReactorNotRunning
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
_MAX_FRAME = 64 * 1024  # octets of a client's websocket message
_TOO_LARGE = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain\r\n"
    b"Connection: close\r\n\r\nThe body is larger than MAILSINK_MAX_MESSAGE_SIZE "
    b"allows.\n"
)


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
    max_body: int = 0,
) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the process's exit code.

    app is an ASGI application; ready is called once everything takes connections.
    max_body limits the octets of a request's body; 0 is no limit. Background work
    starts first and stops last, so that nothing goes unrecorded.
    """
    smtp = [each.address for each in listeners]
    web = _Web(app, web_sockets, wrong_port(smtp), max_body)
    code = 0

    async def start() -> None:
        for each in background:
            each.start()
        for listener in listeners:
            await listener.open()
        ready()

    async def stop() -> None:
        async with AsyncExitStack() as last:  # in reverse, and all of them
            for each in background:
                last.push_async_callback(each.stop)
            await asyncio.gather(web.drain(), *(one.drain(GRACE) for one in listeners))

    def failed(failure: Failure) -> None:
        nonlocal code
        code = 1
        log.critical("%s", failure.getErrorMessage(), exc_info=failure.value)
        with suppress(ReactorNotRunning):
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
        wrong_port: bytes,
        max_body: int,
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
        self.wrong_port = wrong_port
        self.max_body = max_body

    def listen_success(self, port: Port) -> None:
        """Put our own protocols in the place of daphne's."""
        super().listen_success(port)
        self.ws_factory.protocol = _WebSocket
        port.factory = _Doorkeepers(self)
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

    def __init__(self, web: _Web) -> None:
        self.web = web

    def buildProtocol(self, addr: object) -> Connection:
        return _Doorkeeper(self.web)


class _Doorkeeper(Connection):
    """Lets HTTP in at its first octets; tells SMTP clients where mail goes.

    An SMTP client says nothing until it is greeted: who is silent for _PATIENCE
    seconds gets the reply too. TLS is closed at once.
    """

    def __init__(self, web: _Web) -> None:
        self.web = web
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
        self.wire.write(self.web.wrong_port)
        self.wire.loseConnection()

    def let_in(self) -> None:
        self.clock.cancel()
        http = self.web.http_factory.buildProtocol(self.wire.getPeer())
        http.requestFactory = partial(_Request, self.web.max_body)
        self.wire.protocol = http
        http.makeConnection(self.wire)
        http.dataReceived(self.octets)


class _Request(WebRequest):
    """A request whose body ends at a limit: daphne would write any to the disk."""

    def __init__(self, max_body: int, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.room = max_body or sys.maxsize

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        if (length or 0) > self.room:
            self.refuse()

    def handleContentChunk(self, data: bytes) -> None:
        self.room -= len(data)
        if self.room >= 0:
            super().handleContentChunk(data)
        else:
            self.refuse()

    def refuse(self) -> None:
        channel: Any = self.channel
        channel.transport.write(_TOO_LARGE)
        channel.loseConnection()


class _WebSocket(WebSocketProtocol):
    """A websocket whose limit is for what comes; what goes out the app bounds."""

    maxMessagePayloadSize: int

    def sendMessage(self, *arguments: Any, **options: Any) -> None:
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*arguments, **options)
        except Disconnected:  # the client has just gone; the app is about to be told
            log.debug("A websocket was closed before a message could be sent")
        finally:
            self.maxMessagePayloadSize = limit
