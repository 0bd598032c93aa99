"""HTTP requests and websockets on a connection of the web port."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from tempfile import SpooledTemporaryFile
from typing import Any, cast
from urllib.parse import unquote

from autobahn.exception import Disconnected
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import NO_BODY_CODES, HTTPChannel

from mailsink.server.doorkeeper import IDLE, Doorkeeper
from mailsink.web.guard import Answered, AsgiMessage, AsgiScope, Guard, too_large
from mailsink.web.request_rules import HttpRefusal
from mailsink.web.uploads import SMALL, TOO_MUCH, not_written

log = logging.getLogger(__name__)

_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
_MOST_FRAMES = 1000  # of a websocket message
_MOST_WAITING = 256 * 1024  # octets of messages that the app has not taken yet
_MESSAGE = 512  # octets of overhead that each of them counts
_MOST_CONTROLS = 50  # pings and pongs within _CONTROLS_WITHIN
_CONTROLS_WITHIN = 10.0  # seconds
# Octets of frames that a client has not taken when the next one goes out. A client that
# reads a batch before it acknowledges it has at most one: about 600 KiB if an event is
# large.
_MOST_UNSENT = 768 * 1024
_FAREWELL = 2.0  # seconds for a closed client to take the octets that wait for it
# Daphne would use this field as the path that Mailsink is served at. But only we set
# that path: otherwise Django and the layers in front of it would see different paths.
_ROOT_PATH = b"Daphne-Root-Path"
# A quoted cookie value can have escapes, which Python before 3.11.10 decodes in
# quadratic time (CVE-2024-7592). None of our cookies has one.
_ESCAPE = b"\\"
_BODY = 600.0  # seconds for a whole body; a pause may last IDLE seconds
# Octets of a line of the head (RFC 9110 §15.5.15, RFC 6585 §5).
_LONGEST = HTTPChannel.MAX_LENGTH
_TARGET_TOO_LONG = HttpRefusal(
    414,
    "URI Too Long",
    f"The address has more than {_LONGEST:,} bytes. Name fewer ids in it, or search by "
    "q= instead.",
)
_NOT_HTTP = HttpRefusal(
    400,
    "Bad Request",
    "The request is not valid HTTP/1.1 (RFC 9112): its first line, a header field, "
    "its declared length, or a chunk of its body is wrong.",
)
_FIELD_TOO_LONG = HttpRefusal(
    431,
    "Request Header Fields Too Large",
    f"A header field has more than {_LONGEST:,} bytes.",
)
_HEAD_TOO_LARGE = HttpRefusal(
    431,
    "Request Header Fields Too Large",
    f"The address and the header fields have more than {HTTPChannel.totalHeadersSize:,} "
    f"bytes in all, or are more than {HTTPChannel.maxHeaders}.",
)


def _path_in(target: bytes) -> str:
    """Return the path of a request target, decoded."""
    return unquote(target.partition(b"?")[0].decode("latin-1"))


def refused(refusal: HttpRefusal, answered: Answered) -> bytes:
    """Return the whole answer to a refused request; the connection closes after it."""
    headers, body = answered
    lines = [
        f"HTTP/1.1 {refusal.status} {refusal.title}".encode(),
        *(b"%s: %s" % pair for pair in headers),
        b"connection: close",
    ]
    return b"\r\n".join([*lines, b"", body])


class Channel(HTTPChannel):
    """An HTTP connection of a visitor."""

    timeOut = IDLE
    requestFactory: Any
    _path: Any = b""  # no request yet

    def __init__(self, visitor: Doorkeeper, guard: Guard, factory: HTTPFactory) -> None:
        super().__init__()
        self._drained = asyncio.Event()  # set while there is room for more of an answer
        self._drained.set()
        self.visitor = visitor
        self.guard = guard
        self.factory = factory
        self.requestFactory = Request

    def dataReceived(self, data: bytes) -> None:
        if self.visitor.discarded:
            self.visitor.discard(data)
        else:
            super().dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Answer with the reason: Twisted would close the connection silently."""
        if self._receivedHeaderSize:
            self._refuse(_FIELD_TOO_LONG, self._path)
        else:
            self._refuse(_TARGET_TOO_LONG, line.partition(b" ")[2])

    def headerReceived(self, line: bytes) -> bool:
        """Take a field; return whether it is valid.

        Twisted lets the error of a length escape.
        """
        try:
            return bool(super().headerReceived(line))
        except ValueError:  # more digits than Python reads as a number
            self._respondToBadRequestAndDisconnect()
            return False

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Answer with the reason; Twisted would send an empty answer."""
        is_large = self._receivedHeaderSize > self.totalHeadersSize
        is_large |= self._receivedHeaderCount > self.maxHeaders
        self._refuse(_HEAD_TOO_LARGE if is_large else _NOT_HTTP, self._path)
        self.clearLineBuffer()  # no octets after it are read as a request

    def _refuse(self, refusal: HttpRefusal, target: bytes) -> None:
        scope = self.guard.seen(
            {"type": "http", "path": _path_in(target), "headers": []}
        )
        self.visitor.refuse(refused(refusal, self.guard.answer(scope, refusal)))

    def requestDone(self, request: WebRequest) -> None:
        self.visitor.rest()
        super().requestDone(request)

    def pauseProducing(self) -> None:
        """Pause an answer: the client takes it more slowly than it is sent."""
        self._drained.clear()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        self._drained.set()
        super().resumeProducing()

    async def drained(self) -> None:
        """Return when there is room for more of an answer, or its client is gone."""
        try:
            async with asyncio.timeout(IDLE):
                await self._drained.wait()
        except TimeoutError:
            self.visitor.give_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._drained.set()
        self.visitor.leave()
        super().connectionLost(reason)


class Request(WebRequest):
    """A request that is judged by its head, and whose body has a limit.

    The body is not parsed here: Twisted would parse it on the loop, before any check of
    who sent the form.
    """

    channel: Channel
    content: Any

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, parsePOSTFormSubmission=False)
        self.room = 0
        self.has_files = False

    def gotLength(self, length: int | None) -> None:
        self.requestHeaders.removeHeader(_ROOT_PATH)
        self.take_escapes_from_cookies()
        guard, head = self.channel.guard, self.head()
        self.room = guard.room(head)
        if refusal := length != 0 and guard.refusal(head):
            self.refuse(refusal)
        elif (length or 0) > self.room:
            self.refuse(too_large(self.room))
        elif length != 0:
            self.channel.visitor.wait(_BODY)
        # Twisted would create a file before any octets have arrived.
        self.content = SpooledTemporaryFile(SMALL)  # noqa: SIM115  closed by Twisted

    def take_escapes_from_cookies(self) -> None:
        if cookies := self.requestHeaders.getRawHeaders(b"Cookie"):
            plain = [each.replace(_ESCAPE, b"") for each in cookies]
            self.requestHeaders.setRawHeaders(b"Cookie", plain)

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.visitor.discarded:
            return
        if self.content.tell() + len(data) > self.room:
            self.refuse(too_large(self.room))
        elif not self.finds_room(len(data)):
            self.refuse(TOO_MUCH)
        else:
            try:
                super().handleContentChunk(data)
            except OSError as error:
                self.refuse(not_written(error))

    def finds_room(self, octets: int) -> bool:
        """Count octets of the body, and its files once it outgrows memory.

        Return whether there is room.
        """
        visitor = self.channel.visitor
        if not visitor.take(octets):
            return False
        if self.has_files or self.content.tell() + octets <= SMALL:
            return True
        self.has_files = visitor.open_files()
        return self.has_files

    def requestReceived(self, *head: bytes) -> None:
        if not self.channel.visitor.discarded:
            self.channel.visitor.work()
            super().requestReceived(*head)

    def handle_reply(self, message: AsgiMessage) -> None:
        """Send a part of the answer, without octets of a body that it must not have.

        An answer to HEAD, a 204 and a 304 have no body (RFC 9110 §6.4.1): a client
        would read it as its next answer. Twisted leaves out only the first part, since
        daphne calls the method that Twisted replaces.
        """
        is_body = message["type"] == "http.response.body"
        if is_body and (self.method == b"HEAD" or self.code in NO_BODY_CODES):
            message = {**message, "body": b""}
        super().handle_reply(message)

    def handle_exception(self, exception: Exception) -> None:
        """Answer 500; if the answer has begun, close the connection instead."""
        if self._response_started:
            cast(Any, self.channel.transport).abortConnection()
        else:
            super().handle_exception(exception)

    def process(self) -> Any:
        upgrade = self.requestHeaders.getRawHeaders(b"Upgrade", [b""])[0]
        if upgrade.lower() != b"websocket":
            return super().process()
        if not self.is_handshake():
            words = "The Sec-WebSocket fields of the request are not ASCII."
            return self.basic_error(400, b"Bad Request", words)
        if not self.channel.visitor.stay():
            return self.basic_error(
                503, b"Service Unavailable", "Too many websockets are open."
            )
        return super().process()

    def is_handshake(self) -> bool:
        """Return whether daphne can read the websocket fields (RFC 6455 §4.1)."""
        return all(
            value.isascii()
            for name, values in self.requestHeaders.getAllRawHeaders()
            if name.lower().startswith(b"sec-websocket-")
            for value in values
        )

    async def drained(self) -> None:
        """Return when there is room for more of the answer, or its client is gone."""
        if channel := getattr(self, "channel", None):  # it goes with the connection
            await channel.drained()

    def head(self) -> AsgiScope:
        """Return the scope that the guard judges.

        Daphne creates one only of a whole request.
        """
        channel: Any = self.channel
        peer = channel.transport.getPeer()
        scope = {
            "type": "http",
            "method": channel._command.decode("latin-1"),
            "path": _path_in(channel._path),
            "scheme": "https" if self.isSecure() else "http",
            "client": [getattr(peer, "host", ""), getattr(peer, "port", 0)],
            "headers": [
                (name.lower(), value)
                for name, values in self.requestHeaders.getAllRawHeaders()
                for value in values
            ],
        }
        return self.channel.guard.seen(scope)

    def refuse(self, refusal: HttpRefusal) -> None:
        if self.content:
            self.content.close()  # now, as the client may linger
        self.requestHeaders.removeHeader(b"Expect")  # the body is not wanted
        head = self.head()
        headers, body = self.channel.guard.answer(head, refusal)
        answered = headers, b"" if head["method"] == "HEAD" else body
        self.channel.visitor.refuse(refused(refusal, answered))


class WebSocket(WebSocketProtocol):
    """A websocket that limits its input, and the output that its client has not taken.

    The app limits the output by the client's acknowledgements, which can be false.
    """

    STATE_OPEN: int
    application_queue: asyncio.Queue[Any]
    last_ping: float
    maxMessagePayloadSize: int
    message_data: list[bytes]
    state: int
    transport: Any

    def onOpen(self) -> None:
        self.waiting: deque[int] = deque()  # octets that each queued message counts
        self.controls, self.controls_since = 0, time.monotonic()
        super().onOpen()

    def onPing(self, payload: bytes) -> None:
        if self.takes_control():
            super().onPing(payload)

    def onPong(self, payload: bytes) -> None:
        if self.takes_control():
            super().onPong(payload)

    def takes_control(self) -> bool:
        """Count a ping or pong; return whether it is accepted.

        The first over the limit ends the connection.
        """
        now = time.monotonic()
        if now - self.controls_since > _CONTROLS_WITHIN:
            self.controls, self.controls_since = 0, now
        self.controls += 1
        if self.controls > _MOST_CONTROLS:
            self.refuse()
            return False
        return True

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        if len(self.message_data) >= _MOST_FRAMES:
            self.refuse()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Queue a message for the app; daphne's queue would have no limit."""
        if self.state != self.STATE_OPEN:
            return
        while len(self.waiting) > self.application_queue.qsize():
            self.waiting.popleft()
        self.waiting.append(len(payload) + _MESSAGE)
        if sum(self.waiting) > _MOST_WAITING:
            self.refuse()
            return
        pinged = self.last_ping
        super().onMessage(payload, isBinary)
        # Daphne would not ping a client that sends; but only a pong shows that it
        # reads.
        self.last_ping = pinged

    def refuse(self) -> None:
        """Close the connection of a client that sends too much, or takes too little."""
        self.sendCloseFrame(code=_POLICY_VIOLATION)
        self.dropConnection()
        self.transport.visitor.wait(_FAREWELL)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.transport.visitor.leave()
        super().connectionLost(reason)

    def unsent(self) -> int:
        """Return how many octets the client has not taken yet."""
        wire = self.transport
        waiting: int = len(wire.dataBuffer) - wire.offset + wire._tempDataLen
        return waiting

    def sendMessage(self, *arguments: Any, **options: Any) -> None:
        if self.state == self.STATE_OPEN and self.unsent() > _MOST_UNSENT:
            self.refuse()
            return
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*arguments, **options)
        except Disconnected:  # the client has just gone; the app gets that event next
            log.debug("A websocket was closed before a message could be sent")
        finally:
            self.maxMessagePayloadSize = limit
