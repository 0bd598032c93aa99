"""Frames by the thousand over a websocket: the connection is closed, memory stays small."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests import private
from tests.attack.web import LONGEST, WEBSOCKET, mail, memory, web
from tests.running import Mailsink

FIN, TEXT, CONTINUED, PING, PONG = 0x80, 1, 0, 9, 10
SUBSCRIBE = b'{"type": "subscribe", "to": "messages"}'


def frame(payload: bytes, opcode: int = FIN | TEXT) -> bytes:
    """Return a client's frame (RFC 6455 §5.2), masked with zeros."""
    length = len(payload)
    head = bytes([opcode, 0x80 | min(length, 126)])
    if length > 125:
        head += struct.pack("!H", length)
    return head + bytes(4) + payload


@contextmanager
def connected(server: Mailsink) -> Iterator[socket.socket]:
    with socket.create_connection(web(server), timeout=120) as client:
        client.sendall(WEBSOCKET)
        octets = b""
        while b'"hello"' not in octets:
            more = client.recv(4096)
            assert more, octets  # it was refused
            octets += more
        yield client


def until_closed(client: socket.socket, octets: bytes, times: int) -> int:
    """Send the octets again and again; return how many times, until the server closes."""
    for sent in range(times):
        try:
            client.sendall(octets)
        except OSError:
            return sent
    return times


FLOODS = {
    "small": frame(b"{}") * 5000,
    "large": frame(b"x" * 60_000) * 20,
    "pings": frame(b"", FIN | PING) * 5000,
    "pongs": frame(b"", FIN | PONG) * 5000,
    "fragments": frame(b"x", TEXT) + frame(b"", CONTINUED) * 5000,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_frames_is_ended(mailsink: Mailsink, flood: str) -> None:
    mail(mailsink)
    before = memory(mailsink)
    with connected(mailsink) as client:
        assert until_closed(client, FLOODS[flood], 1000) < 1000
    assert mail(mailsink) < LONGEST
    assert memory(mailsink) - before < 32


@pytest.mark.parametrize("flood", ["small", "large"])
def test_frames_do_not_pile_up_before_a_consumer_that_waits(
    start_mailsink: Callable[..., Mailsink], flood: str
) -> None:
    with private.redis() as url:
        server = start_mailsink(REDIS_URL=url)
        redis = urlsplit(url)
        with (
            connected(server) as client,
            socket.create_connection((redis.hostname or "", redis.port or 0)) as pause,
        ):
            before = memory(server)
            pause.sendall(b"CLIENT PAUSE 120000\r\n")
            assert pause.recv(64) == b"+OK\r\n"
            client.sendall(frame(SUBSCRIBE))  # which waits for Redis now
            assert until_closed(client, FLOODS[flood], 200) < 200
            assert memory(server) - before < 32
        server.kill()
