"""The connections to the web ports: daphne serves them until it is drained."""

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
from twisted.internet import reactor as _reactor
from twisted.internet.interfaces import ISSLTransport

from mailsink.accepting import Acceptor
from mailsink.descriptors import Descriptors
from mailsink.server.doorkeeper import BUSY, Doorkeeper, Doorkeepers, WebCapacity
from mailsink.server.https_ports import HttpsPorts
from mailsink.server.requests import Channel, WebSocket
from mailsink.web.answers import Answers
from mailsink.web.guard import Guard
from mailsink.web.visitors import Visitors

reactor: Any = _reactor  # a module for mypy, since its kind is chosen at run time

_MAX_FRAME = 64 * 1024  # octets of a client's websocket message
# Seconds, on a websocket; the pong of a ping is due before the next ping.
_PING_EVERY, _PONG_WITHIN = 30, 20
_PIECE = 64 * 1024  # octets of an answer that its client takes at a time
_STREAM = b"text/event-stream"  # the Content-Type of an answer without an end

# Daphne measures time with the wall clock. If that is set forward, daphne ends requests
# and websockets too early; if it is set back, daphne sends no pings for that time.
_STEADY = SimpleNamespace(**{**vars(time), "time": time.monotonic})
for _module in (daphne.http_protocol, daphne.server, daphne.ws_protocol):
    vars(_module)["time"] = _STEADY


class Web(Daphne):
    """Daphne on sockets that are already bound, if any; drained at a shutdown."""

    def __init__(
        self,
        app: Guard,
        sockets: Sequence[socket.socket],
        wrong_port: bytes,
        descriptors: Descriptors,
        visitors: Visitors,
        https: HttpsPorts | None = None,
    ) -> None:
        """sockets: for plain HTTP."""
        super().__init__(
            app,
            endpoints=["none"],  # daphne requires at least one
            websocket_max_message_size=_MAX_FRAME,
            websocket_max_frame_size=_MAX_FRAME,
            ping_interval=_PING_EVERY,
            ping_timeout=_PONG_WITHIN,
            server_name="mailsink",
        )
        self.endpoints = []
        self.descriptors = descriptors
        self.answers = Answers()
        capacity = WebCapacity(descriptors, visitors)
        doorkeepers = Doorkeepers(capacity, wrong_port, self.http_channel)
        self.acceptors = [self.acceptor(each, doorkeepers) for each in sockets]
        if https:
            doorkeepers = Doorkeepers(capacity, wrong_port, self.http_channel, https)
            self.acceptors += [
                self.acceptor(each, doorkeepers) for each in https.sockets
            ]

    def http_channel(self, visitor: Doorkeeper) -> Channel:
        """Return the channel that serves a visitor who speaks HTTP."""
        return Channel(visitor, self.application, self.http_factory)

    def open(self) -> None:
        """Start to accept connections, with our protocols in place of daphne's."""
        self.ws_factory.protocol = WebSocket
        # A client that sends may still not read: only a pong shows that it does.
        self.ws_factory.autoPingRestartOnAnyTraffic = False
        for each in self.acceptors:
            each.open()

    def acceptor(self, listening: socket.socket, doorkeepers: Doorkeepers) -> Acceptor:
        """Return an acceptor that gives a socket's connections to these doorkeepers."""
        take = partial(self.take, listening.family, doorkeepers)
        top = self.descriptors.shares.web_top
        return Acceptor(listening, take, BUSY, self.descriptors, top)

    def take(
        self,
        family: socket.AddressFamily,
        doorkeepers: Doorkeepers,
        client: socket.socket,
    ) -> None:
        """Take a connection, and close our descriptor of it: Twisted makes its own."""
        with client, suppress(OSError):  # the client may have left already
            reactor.adoptStreamConnection(client.fileno(), family, doorkeepers)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Begin to answer a request, adding the scheme that daphne omits for websockets."""
        if scope["type"] == "websocket":
            secure = ISSLTransport.providedBy(protocol.transport)
            scope["scheme"] = "wss" if secure else "ws"
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: Mapping[str, Any]) -> None:
        """Pass on a message of an application; return when it may send the next.

        Daphne would hold all that a slow client has not taken yet.
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
        """Pass on a large part of an answer in pieces, as the client takes them."""
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
        """Accept no more; end websockets and streams now, requests after the grace.

        grace: in seconds
        """
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
        """Do nothing: daphne would end the requests at once, but drain ends them."""
