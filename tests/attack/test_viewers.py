"""As many viewers as there may be, each of whom reads and acknowledges: mail goes on."""

from __future__ import annotations

import re
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest

from mailsink.descriptors import Descriptors
from mailsink.ids import uuid7
from mailsink.web.visitors import most_live
from tests.attack.test_websockets import connected, frame
from tests.attack.web import (
    LONGEST,
    SMALL,
    WEBSOCKET,
    Others,
    descriptors_of_servers,
    mail,
    web,
)
from tests.running import Mailsink

_BATCH = re.compile(rb'"type": "batch", "seq": (\d+)[,}]')
_LONGEST = 64  # octets of that
_MAILS = 20
# A mail to 2,000 people: 170 KB of JSON in the feed.
TO_MANY = b"To: %b\r\n\r\nHi" % b",\r\n ".join(
    b'"Name %d" <name%d@shop.test>' % (number, number) for number in range(2000)
)


class Heard:
    """What a viewer hears, piece by piece: a batch may begin in one and go on in the next."""

    def __init__(self) -> None:
        self._rest = b""

    def acks(self, piece: bytes) -> list[bytes]:
        """Return a frame for each batch that it tells of, to acknowledge it."""
        octets, end, made = self._rest + piece, 0, []
        for each in _BATCH.finditer(octets):
            made.append(frame(b'{"type": "ack", "seq": %s}' % each[1]))
            end = each.end()
        self._rest = octets[max(end, len(octets) - _LONGEST) :]
        return made


class Viewers:
    """Clients that take what they are told, and acknowledge it, on a thread."""

    def __init__(self, clients: list[socket.socket]) -> None:
        self.batches = 0
        self._over = threading.Event()
        self._ready = selectors.DefaultSelector()
        for each in clients:
            each.setblocking(False)
            self._ready.register(each, selectors.EVENT_READ, Heard())
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Viewers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._over.is_set():
            for key, _ in self._ready.select(0.1):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                with suppress(BlockingIOError):
                    for ack in key.data.acks(client.recv(1024 * 1024)):
                        self.batches += 1
                        client.sendall(ack)


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        pytest.param(0, SMALL, id="small"),
        pytest.param(48, TO_MANY, id="large", marks=pytest.mark.long),
    ],
)
def test_all_viewers_there_may_be_hold_up_nobody(
    start_mailsink: Callable[..., Mailsink], more: int, octets: bytes
) -> None:
    most = most_live(Descriptors(descriptors_of_servers()).shares.web)
    server = start_mailsink()
    mail(server)
    topics = ["messages", "sessions", *(f"session:{uuid7()}" for _ in range(more))]
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(server)) for _ in range(most)]
        for each in clients:
            each.sendall(b"".join(map(subscribe, topics)))
        extra = stack.enter_context(socket.create_connection(web(server), timeout=120))
        extra.sendall(WEBSOCKET)
        assert b" 503 " in extra.recv(4096)
        viewers = stack.enter_context(Viewers(clients))
        others = stack.enter_context(Others(server))
        while len(others.waits) < _MAILS or viewers.batches < most:
            mail(server, octets)
    assert max(others.waits) < LONGEST, sorted(others.waits)[-5:]


def subscribe(topic: str) -> bytes:
    return frame(b'{"type": "subscribe", "to": "%b"}' % topic.encode())
