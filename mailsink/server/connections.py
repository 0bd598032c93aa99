"""The connections to the web port: who is let in, for how long, and who has to leave."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

import daphne.http_protocol
import daphne.server
import daphne.ws_protocol
from daphne.server import Server as Daphne
from daphne.server import twisted_loop as loop  # installs the asyncio reactor
from twisted.internet import reactor as _reactor
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as Connection
from twisted.python.failure import Failure

from mailsink.accepting import Acceptor
from mailsink.descriptors import Descriptors
from mailsink.server.requests import IDLE, Channel, WebSocket
from mailsink.web.answers import Answers
from mailsink.web.callers import recognise
from mailsink.web.guard import Guard
from mailsink.web.uploads import Uploads
from mailsink.web.visitors import Visitors

reactor: Any = _reactor  # a module for mypy, since its kind is chosen at run time

_PATIENCE = 5.0  # seconds for a caller on the web port to say something
_HEAD = 20.0  # seconds for the head of the first request
_LINGER = 2.0  # seconds for who is refused in the middle of a body to read why
_LINGERING = 16  # of them at once; others are closed, and may lose the answer
_DISCARDED = 8 * 1024 * 1024  # octets of that body that are read meanwhile
_MAX_FRAME = 64 * 1024  # octets of a client's websocket message
# Seconds, on a websocket; the next ping is later than the last pong may be.
_PING_EVERY, _PONG_WITHIN = 30, 20
_PIECE = 64 * 1024  # octets of an answer that its client takes at a time
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
    b"Retry-After: 5\r\nConnection: close\r\n\r\nToo many connections, try again "
    b"later.\n"
)
_STREAM = b"text/event-stream"  # the Content-Type of an answer without an end

# Daphne measures how long things take by the time of day: put forward, it would end requests
# and websockets too early; put back, it would send no pings for as long.
_STEADY = SimpleNamespace(**{**vars(time), "time": time.monotonic})
for _module in (daphne.http_protocol, daphne.server, daphne.ws_protocol):
    vars(_module)["time"] = _STEADY


class Web(Daphne):
    """Daphne on sockets that are bound already, or on none; drained at a shutdown."""

    def __init__(
        self,
        app: Guard,
        sockets: Sequence[socket.socket],
        wrong_port: bytes,
        descriptors: Descriptors,
        visitors: Visitors,
    ) -> None:
        super().__init__(
            app,
            endpoints=["none"],  # daphne refuses to be made without any
            websocket_max_message_size=_MAX_FRAME,
            websocket_max_frame_size=_MAX_FRAME,
            ping_interval=_PING_EVERY,
            ping_timeout=_PONG_WITHIN,
            server_name="mailsink",
        )
        self.endpoints = []
        top = descriptors.shares.web_top
        self.acceptors = [
            Acceptor(each, partial(self.take, each.family), _BUSY, descriptors, top)
            for each in sockets
        ]
        self.wrong_port = wrong_port
        self.descriptors = descriptors
        self.visitors = visitors
        self.uploads = Uploads()
        self.answers = Answers()
        self.doorkeepers = _Doorkeepers(self)
        self.lingering: set[Doorkeeper] = set()

    def open(self) -> None:
        """Take connections from now on, with our own protocols in daphne's place."""
        self.ws_factory.protocol = WebSocket
        # Who speaks does not have to read: only a pong shows it.
        self.ws_factory.autoPingRestartOnAnyTraffic = False
        for each in self.acceptors:
            each.open()

    def take(self, family: socket.AddressFamily, client: socket.socket) -> None:
        """Take a connection: Twisted has a descriptor of its own for it."""
        with client, suppress(OSError):  # it may have left by now
            reactor.adoptStreamConnection(client.fileno(), family, self.doorkeepers)

    async def handle_reply(self, protocol: Any, message: Mapping[str, Any]) -> None:
        """Pass on what an application says; return when it may say more.

        Daphne would hold whatever a slow client does not take.
        """
        if message["type"] == "http.response.start":
            kinds = (value for _, value in message.get("headers", ()))
            protocol.is_endless = any(each.startswith(_STREAM) for each in kinds)
        if len(message.get("body", b"")) > _PIECE:
            await self.send_in_pieces(protocol, message)
            return
        await super().handle_reply(protocol, message)
        if message.get("more_body"):
            await protocol.drained()

    async def send_in_pieces(self, protocol: Any, message: Mapping[str, Any]) -> None:
        """Pass on much of an answer, of which the client takes one piece after the other."""
        body, more = message["body"], message.get("more_body", False)
        visitor = protocol.channel and protocol.channel.visitor
        try:
            for start in range(0, len(body), _PIECE):
                if protocol.channel is None:  # the client is gone
                    return
                self.answers.hold(visitor, len(body))
                end = start + _PIECE
                piece = {**message, "body": body[start:end]}
                piece["more_body"] = more or end < len(body)
                await self.handle_reply(protocol, piece)
        finally:
            self.answers.let_go(visitor)

    async def drain(self, grace: float) -> None:
        """Take no more; end what would never end, and requests once grace seconds are over."""
        for each in self.acceptors:
            each.close()
        applications = {
            details["application_instance"]: protocol
            for protocol, details in self.connections.items()
            if "application_instance" in details
        }
        for task, protocol in applications.items():
            is_websocket = getattr(protocol, "application_type", "") == "websocket"
            if is_websocket or getattr(protocol, "is_endless", False):
                task.cancel()
        if applications:
            _, late = await asyncio.wait(applications, timeout=grace)
            for task in late:
                task.cancel()

    def kill_all_applications(self) -> None:
        """Do nothing: daphne would end the requests at once, and drain ends them."""


class _Doorkeepers(Factory[Any]):
    """Makes a doorkeeper for each connection to the web port."""

    noisy = False

    def __init__(self, web: Web) -> None:
        self.web = web

    def buildProtocol(self, addr: object) -> Connection:
        return Doorkeeper(self.web)


class Doorkeeper(Connection):
    """Lets HTTP in at its first octets; tells SMTP clients where mail goes.

    An SMTP client says nothing until it is greeted: who is silent for _PATIENCE
    seconds gets the reply too. TLS is closed at once. It stays as the visitor that
    the connection is, with the clock for what is half said.
    """

    transport: Any

    def __init__(self, web: Web) -> None:
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
        channel: Any = Channel(self)
        self.wire.protocol = channel
        self.wait(_HEAD)
        channel.makeConnection(self.wire)
        channel.dataReceived(self.octets)

    # The visitor

    def wait(self, seconds: float) -> None:
        """Close the connection unless it goes on in time."""
        self.clock.cancel()
        self.clock = loop.call_later(seconds, self.give_up)

    def take(self, octets: int) -> bool:
        """More of a body comes; return whether there is room for it."""
        return self.web.uploads.take(self, octets)

    def open_files(self) -> bool:
        """The body outgrows memory; return whether there is room for files."""
        has_room = self.web.visitors.open_files(self)
        if not has_room:
            self.web.descriptors.turned_away()
        return has_room

    def let_go_of_body(self) -> None:
        self.web.uploads.let_go(self)
        self.web.visitors.close_files(self)

    def work(self) -> None:
        """A whole request has come."""
        self.clock.cancel()
        self.web.visitors.work(self)

    def stay(self) -> bool:
        """It becomes a websocket, if there is room for one."""
        self.web.uploads.let_go(self)
        return self.web.visitors.stay(self)

    def rest(self) -> None:
        """Its answer is sent."""
        self.answered = True
        self.let_go_of_body()
        self.wait(IDLE)
        self.web.visitors.rest(self)

    def refuse(self, answer: bytes) -> None:
        """Answer before the client has finished, and discard what else it sends.

        Closing at once would take the answer back from a client that goes on sending; but
        lingering connections use up descriptors, so only a few may linger.
        """
        self.discarded = 1
        self.let_go_of_body()
        self.wait(_LINGER)
        self.wire.write(answer)
        if len(self.web.lingering) >= _LINGERING:
            self.wire.loseConnection()
            return
        self.web.lingering.add(self)
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
        self.web.uploads.let_go(self)
        self.web.lingering.discard(self)
        self.web.visitors.leave(self)
