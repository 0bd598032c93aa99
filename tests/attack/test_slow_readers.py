"""Clients that do not take their answers: the server does not hold these for them."""

from __future__ import annotations

import hashlib
import select
import socket
from contextlib import ExitStack

from tests.attack.large import TEXT, head, send
from tests.attack.web import LONGEST, mail, memory, web
from tests.running import Mailsink

_CLIENTS = 10
_MAILS = 40  # meanwhile: more time than it takes to read 40 MB without waiting


def ask(stack: ExitStack, server: Mailsink, path: str) -> socket.socket:
    """Ask for a path, by a client that takes little at a time."""
    client = stack.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(120)
    client.connect(web(server))
    client.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    return client


def test_what_a_slow_client_does_not_take_is_not_held(mailsink: Mailsink) -> None:
    octets = head("plain") + TEXT * (40_000_000 // len(TEXT))
    id = send(mailsink, octets)
    mailsink.get("messages/wait?q=subject:large&timeout=60")
    before = memory(mailsink)
    with ExitStack() as stack:
        path = f"/api/v3/messages/{id}/raw"
        clients = [ask(stack, mailsink, path) for _ in range(_CLIENTS)]
        [reader, *_], _, _ = select.select(clients, [], [], 60)  # who is being answered
        waits, grown = [], 0.0
        for _ in range(_MAILS):
            waits.append(mail(mailsink))
            grown = max(grown, memory(mailsink) - before)
        assert max(waits) < LONGEST
        assert grown < 16  # MiB; ten answers are 380
        for each in clients:
            if each is not reader:
                each.close()
        with reader.makefile("rb") as answer:
            _, _, body = answer.read().partition(b"\r\n\r\n")
    assert hashlib.sha256(body).digest() == hashlib.sha256(octets).digest()
