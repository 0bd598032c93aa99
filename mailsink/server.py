"""Runs the process: one asyncio loop for SMTP and the web, signals, start and drain.

The only module that knows daphne and Twisted. Importing it makes the event loop.
What listens is given bound sockets, so that nothing can fail to bind after a start.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, Protocol, cast
from urllib.parse import unquote

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
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from mailsink.accepting import Acceptor
from mailsink.descriptors import Descriptors
from mailsink.web.callers import recognise, wrong_port
from mailsink.web.guard import Guard, answer, too_large
from mailsink.web.rules import Refusal
from mailsink.web.visitors import Visitors

log = logging.getLogger(__name__)
reactor: Any = _reactor  # a module for mypy, since its kind is chosen at run time

GRACE = 5.0  # seconds for what is under way at a shutdown
_PATIENCE = 5.0  # seconds for a caller on the web port to say something
_HEAD = 20.0  # seconds for the head of the first request
_IDLE = 60  # seconds for the head of the next
_BODY = 600.0  # seconds for a whole body; it may be silent for _IDLE of them
_LINGER = 2.0  # seconds for who is refused in the middle of a body to read why
_DISCARDED = 8 * 1024 * 1024  # octets of that body that are read meanwhile
_MAX_FRAME = 64 * 1024  # octets of a client's websocket message
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
    b"Retry-After: 5\r\nConnection: close\r\n\r\nToo many connections, try again "
    b"later.\n"
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
    app: Guard,
    web_sockets: Sequence[socket.socket],
    listeners: Sequence[Listener],
    background: Sequence[Background],
    ready: Callable[[], None],
    descriptors: Descriptors,
) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the process's exit code.

    app is an ASGI application that judges a request by its head; ready is called once
    everything takes connections. Background work starts first and stops last, so that
    nothing goes unrecorded.
    """
    smtp = [each.address for each in listeners]
    web = _Web(app, web_sockets, wrong_port(smtp), descriptors)
    code = 0

    async def start() -> None:
        for each in background:
            each.start()
        for listener in listeners:
            await listener.open()
        web.open()
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
        app: Guard,
        sockets: Sequence[socket.socket],
        wrong_port: bytes,
        descriptors: Descriptors,
    ) -> None:
        super().__init__(
            app,
            endpoints=["none"],  # daphne refuses to be made without any
            websocket_max_message_size=_MAX_FRAME,
            websocket_max_frame_size=_MAX_FRAME,
            server_name="mailsink",
        )
        self.endpoints = []
        self.acceptors = [
            Acceptor(each, partial(self.take, each.family), _BUSY, descriptors)
            for each in sockets
        ]
        self.wrong_port = wrong_port
        self.descriptors = descriptors
        self.visitors = Visitors(descriptors.shares.web)
        self.doorkeepers = _Doorkeepers(self)

    def open(self) -> None:
        """Take connections from now on, with our own protocols in daphne's place."""
        self.ws_factory.protocol = _WebSocket
        for each in self.acceptors:
            each.open()

    def take(self, family: socket.AddressFamily, client: socket.socket) -> None:
        """Take a connection: Twisted has a descriptor of its own for it."""
        with client, suppress(OSError):  # it may have left by now
            reactor.adoptStreamConnection(client.fileno(), family, self.doorkeepers)

    async def drain(self) -> None:
        """Take no more; end websockets, and requests once GRACE is over."""
        for each in self.acceptors:
            each.close()
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
    seconds gets the reply too. TLS is closed at once. It stays as the visitor that
    the connection is, with the clock for what is half said.
    """

    transport: Any

    def __init__(self, web: _Web) -> None:
        self.web = web
        self.octets = b""
        self.discarded = 0  # octets that nobody wants, once it is refused
        self.answered = False  # a request of it

    def connectionMade(self) -> None:
        self.wire: Any = self.transport
        self.wire.visitor = self
        self.clock = loop.call_later(_PATIENCE, self.time_is_up)
        if not self.web.visitors.arrive(self):
            self.web.descriptors.turned_away()
            self.refuse(_BUSY)

    def dataReceived(self, data: bytes) -> None:
        if self.discarded:
            self.discard(data)
            return
        self.octets += data
        match recognise(self.octets):
            case "http":
                self.let_in()
            case "smtp":
                self.send_away()
            case "tls":
                self.wire.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.leave()

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
        channel: Any = _Channel(self)
        self.wire.protocol = channel
        self.wait(_HEAD)
        channel.makeConnection(self.wire)
        channel.dataReceived(self.octets)

    # The visitor

    def wait(self, seconds: float) -> None:
        """Close the connection unless it goes on in time."""
        self.clock.cancel()
        self.clock = loop.call_later(seconds, self.give_up)

    def work(self) -> None:
        """A whole request has come."""
        self.clock.cancel()
        self.web.visitors.work(self)

    def stay(self) -> bool:
        """It becomes a websocket, if there is room for one."""
        return self.web.visitors.stay(self)

    def rest(self) -> None:
        """Its answer is sent."""
        self.answered = True
        self.wait(_IDLE)
        self.web.visitors.rest(self)

    def refuse(self, answer: bytes) -> None:
        """Answer in the middle of what is said, and hear no more of it.

        Who closes at once takes the answer back from a client that goes on sending.
        """
        self.discarded = 1
        self.wait(_LINGER)
        self.wire.write(answer)
        self.wire.loseWriteConnection()

    def discard(self, data: bytes) -> None:
        self.discarded += len(data)
        if self.discarded > _DISCARDED:
            self.give_up()

    def dismiss(self) -> None:
        """Close it, while no request is under way: another one needs its place."""
        self.clock.cancel()
        if not self.answered:
            self.web.descriptors.turned_away()
            self.wire.write(_BUSY)
        self.wire.loseConnection()

    def give_up(self) -> None:
        self.wire.abortConnection()

    def leave(self) -> None:
        self.clock.cancel()
        self.web.visitors.leave(self)


class _Channel(HTTPChannel):
    """An HTTP connection of a visitor."""

    timeOut = _IDLE
    requestFactory: Any

    def __init__(self, visitor: _Doorkeeper) -> None:
        super().__init__()
        self.visitor = visitor
        self.factory = visitor.web.http_factory
        self.requestFactory = _Request

    def dataReceived(self, data: bytes) -> None:
        if self.visitor.discarded:
            self.visitor.discard(data)
        else:
            super().dataReceived(data)

    def requestDone(self, request: WebRequest) -> None:
        self.visitor.rest()
        super().requestDone(request)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.visitor.leave()
        super().connectionLost(reason)


class _Request(WebRequest):
    """A request that is judged by its head, and whose body ends at a limit.

    Nothing of the body is parsed here: Twisted would do so on the loop, before anybody
    asked whose form it is.
    """

    channel: _Channel
    content: Any

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, parsePOSTFormSubmission=False)
        self.room = 0

    def gotLength(self, length: int | None) -> None:
        guard, head = self.channel.visitor.web.application, self.head()
        self.room = guard.room(head)
        if refusal := length != 0 and guard.refusal(head):
            self.refuse(refusal)
        elif (length or 0) > self.room:
            self.refuse(too_large(self.room))
        elif length != 0:
            self.channel.visitor.wait(_BODY)
        super().gotLength(0 if self.channel.visitor.discarded else length)

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.visitor.discarded:
            return
        if self.content.tell() + len(data) > self.room:
            self.refuse(too_large(self.room))
        else:
            super().handleContentChunk(data)

    def requestReceived(self, *head: bytes) -> None:
        if not self.channel.visitor.discarded:
            self.channel.visitor.work()
            super().requestReceived(*head)

    def handle_exception(self, exception: Exception) -> None:
        """Answer 500; where the answer has begun, close the connection under it."""
        if self._response_started:
            cast(Any, self.channel.transport).abortConnection()
        else:
            super().handle_exception(exception)

    def process(self) -> Any:
        upgrade = self.requestHeaders.getRawHeaders(b"Upgrade", [b""])[0]
        if upgrade.lower() == b"websocket" and not self.channel.visitor.stay():
            return self.basic_error(
                503, b"Service Unavailable", "Too many websockets are open."
            )
        return super().process()

    def head(self) -> Mapping[str, Any]:
        """Return what the guard judges, of what daphne makes only of a whole request."""
        channel: Any = self.channel
        path = channel._path.partition(b"?")[0]
        return {
            "type": "http",
            "method": channel._command.decode("latin-1"),
            "path": unquote(path.decode("latin-1")),
            "scheme": "http",
            "headers": [
                (name.lower(), value)
                for name, values in self.requestHeaders.getAllRawHeaders()
                for value in values
            ],
        }

    def refuse(self, refusal: Refusal) -> None:
        self.requestHeaders.removeHeader(b"Expect")  # nobody waits for the body
        headers, body = answer(refusal, self.head()["path"])
        lines = [
            f"HTTP/1.1 {refusal.status} {refusal.title}".encode(),
            *(b"%s: %s" % pair for pair in headers),
            b"connection: close",
        ]
        self.channel.visitor.refuse(b"\r\n".join([*lines, b"", body]))


class _WebSocket(WebSocketProtocol):
    """A websocket whose limit is for what comes; what goes out the app bounds."""

    maxMessagePayloadSize: int
    transport: Any

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.transport.visitor.leave()
        super().connectionLost(reason)

    def sendMessage(self, *arguments: Any, **options: Any) -> None:
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*arguments, **options)
        except Disconnected:  # the client has just gone; the app is about to be told
            log.debug("A websocket was closed before a message could be sent")
        finally:
            self.maxMessagePayloadSize = limit
