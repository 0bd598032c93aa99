"""The gate of the web ports: HTTP is let in, by TLS where that is spoken; others hear why not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from daphne.server import twisted_loop as loop  # installs the asyncio reactor
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as Connection
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from mailsink.descriptors import Descriptors
from mailsink.server.https_ports import HttpsPorts
from mailsink.server.secure_wire import SecureWire, SecureWires
from mailsink.web.callers import recognise
from mailsink.web.uploads import Uploads
from mailsink.web.visitors import Visitors

IDLE = 60  # seconds for the head of the next request
_PATIENCE = 5.0  # seconds for a caller on the web port to say something
_HEAD = 20.0  # seconds for the head of the first request, and for TLS before it
_LINGER = 2.0  # seconds for who is refused in the middle of a body to read why
_LINGERING = 16  # of them at once; others are closed, and may lose the answer
_DISCARDED = 8 * 1024 * 1024  # octets of that body that are read meanwhile
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
    b"Retry-After: 5\r\nConnection: close\r\n\r\nToo many connections, try again "
    b"later.\n"
)
_ONLY_HTTPS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"\r\nThis port speaks HTTPS: begin the address with https:// in place of http://.\n"
)


@dataclass(slots=True)
class WebCapacity:
    """Room that all connections to the web ports share."""

    descriptors: Descriptors
    visitors: Visitors
    uploads: Uploads = field(default_factory=Uploads)
    lingering: set[Doorkeeper] = field(default_factory=set)


class Doorkeepers(Factory[Any]):
    """Makes a doorkeeper for each connection to a kind of web port.

    wrong_port: the reply to an SMTP client; http: returns the channel of who speaks HTTP
    https: where the port speaks TLS, and nothing else
    """

    noisy = False

    def __init__(
        self,
        capacity: WebCapacity,
        wrong_port: bytes,
        http: Callable[[Doorkeeper], HTTPChannel],
        https: HttpsPorts | None = None,
    ) -> None:
        self.capacity = capacity
        self.wrong_port = wrong_port
        self.http = http
        self.secure_wires: SecureWires | None = None
        if https:
            self.secure_wires = SecureWires(https.certificate, https.passes, self)

    def buildProtocol(self, addr: object) -> Connection:
        return Doorkeeper(self)


class Doorkeeper(Connection):
    """Lets HTTP in at its first octets; answers SMTP clients with the port for mail.

    An SMTP client says nothing until it is greeted: who is silent for _PATIENCE
    seconds gets the reply too. On a secure port TLS comes first, and HTTP without it
    hears so; elsewhere TLS is closed at once. It stays as the visitor that the
    connection is, with the clock for what is half said.
    """

    factory: Doorkeepers
    transport: Any

    def __init__(self, factory: Doorkeepers) -> None:
        self.factory = factory
        self.capacity = factory.capacity
        self.waits_for_tls = factory.secure_wires is not None
        self.octets = b""
        self.discarded = 0  # octets that nobody wants, once it is refused
        self.answered = False  # a request of it

    def connectionMade(self) -> None:
        self.wire: Any = self.transport
        self.wire.visitor = self
        self.clock = loop.call_later(_PATIENCE, self.time_is_up)
        if not self.capacity.visitors.arrive(self):
            self.capacity.descriptors.turned_away()
            self.refuse(BUSY)

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
            case "tls" if self.waits_for_tls:
                self.begin_tls()
            case "tls":
                self.wire.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.leave()

    def time_is_up(self) -> None:
        if self.octets:
            self.let_in()
        elif self.has_spoken():
            self.clock = loop.call_later(_PATIENCE, self.time_is_up)
        else:
            self.send_away()

    def has_spoken(self) -> bool:
        """Whether octets are there that are read in a moment.

        Browsers connect ahead, and may use such a connection just when patience is over.
        """
        with suppress(OSError):
            return bool(self.wire.getHandle().recv(1, socket.MSG_PEEK))
        return False

    def send_away(self) -> None:
        self.clock.cancel()
        self.wire.write(self.factory.wrong_port)
        self.wire.loseConnection()

    def begin_tls(self) -> None:
        """Read on within TLS, whose handshake counts to the time for the first head."""
        assert self.factory.secure_wires
        below, octets = self.wire, self.octets
        self.waits_for_tls, self.octets = False, b""
        self.transport = self.wire = SecureWire(self.factory.secure_wires, self)
        below.protocol = self.wire
        self.wire.visitor = self
        self.wait(_HEAD)
        self.wire.makeConnection(below)
        self.wire.dataReceived(octets)

    def let_in(self) -> None:
        if self.waits_for_tls:
            self.refuse(_ONLY_HTTPS)
            return
        channel: Any = self.factory.http(self)
        if isinstance(self.wire, SecureWire):
            self.wire.wrappedProtocol = channel
        else:
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
        return self.capacity.uploads.take(self, octets)

    def open_files(self) -> bool:
        """The body outgrows memory; return whether there is room for files."""
        has_room = self.capacity.visitors.open_files(self)
        if not has_room:
            self.capacity.descriptors.turned_away()
        return has_room

    def let_go_of_body(self) -> None:
        self.capacity.uploads.let_go(self)
        self.capacity.visitors.close_files(self)

    def work(self) -> None:
        """A whole request has come."""
        self.clock.cancel()
        self.capacity.visitors.work(self)

    def stay(self) -> bool:
        """It becomes a websocket, if there is room for one."""
        self.capacity.uploads.let_go(self)
        return self.capacity.visitors.stay(self)

    def rest(self) -> None:
        """Its answer is sent."""
        self.answered = True
        self.let_go_of_body()
        self.wait(IDLE)
        self.capacity.visitors.rest(self)

    def refuse(self, answer: bytes) -> None:
        """Answer before the client has finished, and discard what else it sends.

        Closing at once would take the answer back from a client that goes on sending; but
        lingering connections use up descriptors, so only a few may linger.
        """
        self.discarded = 1
        self.let_go_of_body()
        self.wait(_LINGER)
        self.wire.write(answer)
        if len(self.capacity.lingering) >= _LINGERING:
            self.wire.loseConnection()
            return
        self.capacity.lingering.add(self)
        self.wire.loseWriteConnection()

    def discard(self, data: bytes) -> None:
        self.discarded += len(data)
        if self.discarded > _DISCARDED:
            self.give_up()

    def dismiss(self) -> None:
        """Close it, while no request is under way: another one needs its place."""
        self.clock.cancel()
        if not self.answered:
            self.capacity.descriptors.turned_away()
            self.wire.write(BUSY)
        self.wire.loseConnection()

    def give_up(self) -> None:
        self.wire.abortConnection()

    def leave(self) -> None:
        self.clock.cancel()
        self.capacity.uploads.let_go(self)
        self.capacity.lingering.discard(self)
        self.capacity.visitors.leave(self)
