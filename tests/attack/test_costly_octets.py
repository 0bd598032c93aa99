"""Octets that cost much to take in, by many connections at once: another's mail goes on."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress

import pytest

from tests.attack.web import LONGEST, Others, mail
from tests.running import Mailsink
from tests.smtp.tls_client import TlsClient, careless

_LINE = 12_200  # octets, about the longest that is taken
_MAILS = 10
_ENVELOPE = (
    b"EHLO client.test",
    b"MAIL FROM:<a@example.com>",
    b"RCPT TO:<b@example.com>",
    b"DATA",
)
LONG_UNITS = [
    pytest.param(unit, marks=pytest.mark.long)
    for unit in (b"\ra", b"\x7f", b"a ", b"\xff")
]


def lines(unit: bytes, octets: int) -> bytes:
    line = unit * (_LINE // len(unit)) + b"\r\n"
    return line * (octets // len(line))


def connected(server: Mailsink, stack: ExitStack, count: int) -> list[socket.socket]:
    clients = [
        stack.enter_context(socket.create_connection(server.smtp, timeout=120))
        for _ in range(count)
    ]
    for each in clients:
        assert each.recv(4096).startswith(b"220 ")
    return clients


def in_data(client: socket.socket) -> None:
    for line in _ENVELOPE:
        client.sendall(line + b"\r\n")
        client.recv(4096)


def one_octet_records(client: socket.socket, count: int) -> Iterator[bytes]:
    """Begin TLS; yield records with an octet each, as one piece."""
    client.sendall(b"EHLO client.test\r\nSTARTTLS\r\n")
    heard = b""
    while b"220 2.0.0" not in heard:
        heard += client.recv(4096)
    tls, done, came = TlsClient(careless(), None), False, b""
    while not done:
        done, octets = tls.shake_hands(came)
        client.sendall(octets)
        came = b"" if done else client.recv(65536)
    for _ in range(count):
        tls.object.write(b"x")
    yield tls.owed()


@pytest.fixture
def held_up(
    mailsink: Mailsink,
) -> Callable[[Sequence[tuple[socket.socket, bytes]]], None]:
    """Send to all at once while another sends mail, and look at how long that takes."""

    def send(client: socket.socket, octets: bytes) -> None:
        with suppress(OSError):  # it was closed for what it sent
            client.sendall(octets)

    def read(client: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError):
            while client.recv(65536):
                pass

    def look(sending: Sequence[tuple[socket.socket, bytes]]) -> None:
        mail(mailsink)
        threads = [
            threading.Thread(target=work, args=arguments, daemon=True)
            for client, octets in sending
            for work, arguments in ((send, (client, octets)), (read, (client,)))
        ]
        with Others(mailsink) as others:
            for each in threads:
                each.start()
            while len(others.waits) < _MAILS:
                threading.Event().wait(0.05)
        assert max(others.waits) < LONGEST, sorted(others.waits)

    return look


@pytest.mark.parametrize("unit", [b"\r\x7f", *LONG_UNITS])
def test_lines(
    unit: bytes,
    mailsink: Mailsink,
    held_up: Callable[[Sequence[tuple[socket.socket, bytes]]], None],
) -> None:
    with ExitStack() as stack:
        octets = lines(unit, 2_000_000)
        held_up([(each, octets) for each in connected(mailsink, stack, 10)])


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        (b"\r\n.\n", 60),
        pytest.param(b"a\r\n", 100, marks=pytest.mark.long),
    ],
)
def test_bodies(
    unit: bytes,
    count: int,
    mailsink: Mailsink,
    held_up: Callable[[Sequence[tuple[socket.socket, bytes]]], None],
) -> None:
    with ExitStack() as stack:
        clients = connected(mailsink, stack, count)
        for each in clients:
            in_data(each)
        octets = unit * (500_000 // len(unit))
        held_up([(each, octets) for each in clients])


@pytest.mark.long
def test_records_of_one_octet(
    mailsink: Mailsink,
    held_up: Callable[[Sequence[tuple[socket.socket, bytes]]], None],
) -> None:
    with ExitStack() as stack:
        clients = connected(mailsink, stack, 40)
        held_up([(each, b"".join(one_octet_records(each, 20_000))) for each in clients])
