"""Raw requests, and what others notice of them meanwhile."""

from __future__ import annotations

import os
import resource
import select
import smtplib
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.running import DESCRIPTORS, Mailsink

HALF = b"GET / HTTP/1.1\r\nHost: local"
WAIT = (
    b"GET /api/v3/messages/wait?q=never&timeout=60 HTTP/1.1\r\nHost: localhost\r\n\r\n"
)
WEBSOCKET = (
    b"GET /ws/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)

# Seconds that another's 250 may take. `make test` computes beside these tests, and what
# they look for takes many seconds; `QUIET=1 pytest tests/attack` alone holds the bounds.
_QUIET = bool(os.environ.get("QUIET"))
LONGEST = 1.0 if _QUIET else 3.0
HIGH = 0.3 if _QUIET else 1.0  # p95
_PATIENCE = 120.0  # seconds, until an answer that is sure to come
_PAUSE = 0.1  # seconds between two mails of others: whatever lasts longer meets one
_FEWEST = 2  # mails of others, of which there are quantiles


def descriptors_of_servers() -> int:
    """Return how many a server may have at most: it raises its limit to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return DESCRIPTORS or (sys.maxsize if hard == resource.RLIM_INFINITY else hard)


def takes(descriptors: int) -> pytest.MarkDecorator:
    """Leave a test out where the servers have fewer descriptors than it needs.

    There they say 503 or 421 to some of its clients, as tests/attack/test_descriptors.py
    has it.
    """
    few = descriptors_of_servers() < descriptors
    return pytest.mark.skipif(few, reason=f"takes {descriptors} descriptors")


def web(server: Mailsink) -> tuple[str, int]:
    host, port = server.url.removeprefix("http://").split(":")
    return host, int(port)


@contextmanager
def many(at: tuple[str, int], said: Iterable[bytes]) -> Iterator[list[socket.socket]]:
    """Open a connection for each of what is said, and keep it open."""
    with ExitStack() as stack:
        clients = []
        for octets in said:
            client = stack.enter_context(socket.create_connection(at, timeout=120))
            clients.append(client)
            with suppress(OSError):  # it was closed for another one by now
                client.sendall(octets)
        yield clients


@contextmanager
def until_one_hears(
    at: tuple[str, int], said: bytes, wanted: bytes
) -> Iterator[list[socket.socket]]:
    """Open connections that say the same, until one is answered so; keep them open."""
    until = time.monotonic() + _PATIENCE
    with ExitStack() as stack:
        waiting: list[socket.socket] = []
        while time.monotonic() < until:
            client = stack.enter_context(socket.create_connection(at, timeout=120))
            with suppress(OSError):
                client.sendall(said)
                waiting.append(client)
            for each in select.select(waiting, [], [], 0.01)[0]:
                waiting.remove(each)
                if _hears(each, wanted):
                    yield waiting
                    return
                each.close()
        raise AssertionError(f"nobody heard {wanted!r} within {_PATIENCE:g} s")


def _hears(client: socket.socket, wanted: bytes) -> bool:
    # While it is pressed the server closes at once: that may take words back.
    with suppress(OSError):
        return client.recv(4096).startswith(wanted)
    return False


def answer(at: tuple[str, int], request: bytes) -> bytes:
    """Return what a request is answered, as far as it came."""
    octets, gone = b"", suppress(ConnectionResetError, BrokenPipeError)
    with gone, socket.create_connection(at, timeout=120) as client:
        with gone:  # what it said before can be read all the same
            client.sendall(request)
        while more := client.recv(64 * 1024):
            octets += more
    return octets


def health(server: Mailsink) -> bytes:
    return answer(
        web(server),
        b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )


SMALL = b"Subject: small\r\n\r\nHi"


def mail(server: Mailsink, octets: bytes = SMALL) -> float:
    """Send a mail by a new client; return the seconds until its 250."""
    began = time.monotonic()
    with smtplib.SMTP(*server.smtp, timeout=120) as client:
        client.sendmail("a@shop.test", ["b@example.com"], octets)
    return time.monotonic() - began


class Others:
    """Those who send small mails meanwhile, one after the other.

    waits: the seconds that each 250 took; whoever asks for them hears if one did not come
    """

    def __init__(self, server: Mailsink, octets: bytes = SMALL) -> None:
        self._server = server
        self._octets = octets
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._waits: list[float] = []
        self._failure: Exception | None = None

    @property
    def waits(self) -> list[float]:
        if self._failure:
            raise self._failure
        return self._waits

    def _send(self) -> None:
        try:
            while not self._over.wait(_PAUSE) or len(self._waits) < _FEWEST:
                self._waits.append(mail(self._server, self._octets))
        except (OSError, smtplib.SMTPException) as failure:
            self._failure = failure

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def assert_quick(self) -> None:
        """Nobody was held up."""
        # Inclusive: of few the others lie beyond the longest.
        *_, high = statistics.quantiles(self.waits, n=20, method="inclusive")
        longest = sorted(self.waits)[-10:]
        assert high < HIGH, longest  # p95
        assert longest[-1] < LONGEST, longest


def memory(server: Mailsink) -> float:
    """Return the MiB that the process has resident."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if "VmRSS" in line)
    return int(kib) / 1024
