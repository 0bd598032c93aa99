"""The gate of the web ports: admits HTTP, through TLS on secure ports, or refuses."""

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
# Seconds for a caller on the web port to send something. Browsers open connections in
# advance, and use none that is idle for longer than 10 seconds: a request that crosses
# our reply to an SMTP client would fail.
_PATIENCE = 15.0
_HEAD = 20.0  # seconds for the head of the first request, and for TLS before it
_LINGER = 2.0  # seconds for a client refused in the middle of a body to read the reason
_LINGERING = 16  # such clients at once; others are closed, and may lose the answer
_DISCARDED = 8 * 1024 * 1024  # octets of such a body that are read meanwhile
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
    """The capacity that all connections to the web ports share."""

    descriptors: Descriptors
    visitors: Visitors
    uploads: Uploads = field(default_factory=Uploads)
    lingering: set[Doorkeeper] = field(default_factory=set)


class Doorkeepers(Factory[Any]):
    """Makes a doorkeeper for each connection to a kind of web port.

    wrong_port: the reply to an SMTP client; http: returns an HTTP client's channel
    https: set if the port speaks only TLS
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
    """Lets HTTP in after its first octets; sends SMTP clients the port for mail.

    An SMTP client sends nothing before the greeting, so a client that is silent for
    _PATIENCE seconds gets that reply too. On a secure port TLS comes first, and plain
    HTTP is refused with the reason; on other ports TLS is closed at once. The
    doorkeeper stays as the visitor of the connection, with the clock for incomplete
    requests.
    """

    factory: Doorkeepers
    transport: Any

    def __init__(self, factory: Doorkeepers) -> None:
        self.factory = factory
        self.capacity = factory.capacity
        self.waits_for_tls = factory.secure_wires is not None
        self.octets = b""
        self.discarded = 0  # octets dropped after a refusal
        self.answered = False  # a request was answered

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
        """Whether octets have arrived that are not read yet.

        Browsers open connections in advance, and may use one just when patience ends.
        """
        with suppress(OSError):
            return bool(self.wire.getHandle().recv(1, socket.MSG_PEEK))
        return False

    def send_away(self) -> None:
        self.clock.cancel()
        self.wire.write(self.factory.wrong_port)
        self.wire.loseConnection()

    def begin_tls(self) -> None:
        """Continue inside TLS; the handshake is part of the time for the first head."""
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
        """Close the connection unless it continues in time."""
        self.clock.cancel()
        self.clock = loop.call_later(seconds, self.give_up)

    def take(self, octets: int) -> bool:
        """Count more octets of a body; return whether there is room for them."""
        return self.capacity.uploads.take(self, octets)

    def open_files(self) -> bool:
        """Count files for a body that outgrows memory; return whether there is room."""
        has_room = self.capacity.visitors.open_files(self)
        if not has_room:
            self.capacity.descriptors.turned_away()
        return has_room

    def let_go_of_body(self) -> None:
        self.capacity.uploads.let_go(self)
        self.capacity.visitors.close_files(self)

    def work(self) -> None:
        """Note that a whole request has arrived."""
        self.clock.cancel()
        self.capacity.visitors.work(self)

    def stay(self) -> bool:
        """Turn the connection into a websocket.

        Return whether there is room for one.
        """
        self.capacity.uploads.let_go(self)
        return self.capacity.visitors.stay(self)

    def rest(self) -> None:
        """Note that the answer is sent."""
        self.answered = True
        self.let_go_of_body()
        self.wait(IDLE)
        self.capacity.visitors.rest(self)

    def refuse(self, answer: bytes) -> None:
        """Answer before the client has finished, and discard the rest of its octets.

        After an immediate close, a client that is still sending would lose the answer.
        But lingering connections use descriptors, so only a few may linger.
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
        """Close the connection while it is idle, to make room for another."""
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
