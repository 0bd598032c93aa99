"""Commands by the thousand over several connections at once: mail goes on."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest

from tests.attack.web import LONGEST, Others, mail, takes
from tests.running import Mailsink

_NOOPS = b"NOOP\r\n" * 1000
_MAILS = 20


class Flood:
    """Clients that send commands without end, and take in the replies."""

    def __init__(self, clients: list[socket.socket]) -> None:
        self._over = threading.Event()
        self._ready = selectors.DefaultSelector()
        for each in clients:
            each.setblocking(False)
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._ready.register(each, both)
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._over.wait(0.001):
            for key, _ in self._ready.select(0.1):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                with suppress(OSError):  # it takes no more now, or has closed
                    client.recv(256 * 1024)
                with suppress(OSError):
                    client.send(_NOOPS)


def connected(server: Mailsink, stack: ExitStack, count: int) -> list[socket.socket]:
    clients = []
    for _ in range(count):
        client = stack.enter_context(socket.create_connection(server.smtp, timeout=120))
        assert client.recv(4096).startswith(b"220 ")
        clients.append(client)
    return clients


def test_clients_that_send_without_end_hold_up_nobody(mailsink: Mailsink) -> None:
    mail(mailsink)
    with ExitStack() as stack:
        stack.enter_context(Flood(connected(mailsink, stack, 20)))
        others = stack.enter_context(Others(mailsink))
        while len(others.waits) < _MAILS:
            threading.Event().wait(0.05)
    assert max(others.waits) < LONGEST, sorted(others.waits)


@pytest.mark.long
@takes(512)
def test_little_is_done_for_clients_that_left(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    mail(server)
    with ExitStack() as stack:
        for client in connected(server, stack, 100):
            client.setblocking(False)
            client.send(_NOOPS * 100)
    waits = [mail(server) for _ in range(10)]
    assert max(waits) < LONGEST, waits
    deadline = time.monotonic() + 120
    while len(server.get("sessions?live=true")["items"]) > 0:
        assert time.monotonic() < deadline, "the sessions of those who left go on"
