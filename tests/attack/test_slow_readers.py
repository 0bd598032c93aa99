"""Clients that do not take their answers: the server does not hold these for them."""

from __future__ import annotations

import hashlib
import select
import smtplib
import socket
from contextlib import ExitStack

import pytest

from tests.attack.large import TEXT, head, send
from tests.attack.test_viewers import TO_MANY, Heard, subscribe
from tests.attack.test_websockets import connected, frame
from tests.attack.web import LONGEST, mail, memory, web
from tests.running import Mailsink

_CLIENTS = 10
_SMILES = "\U0001f600" * 200
_WITH_EMOJI = 130  # mails, of 5 KB of emoji each
_ASKING = 100
_LIARS = 10
_MOST_MAILS = 150  # 170 KB for each viewer; the system itself holds some MB of them
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
    mailsink.get("messages/wait?q=subject:large&timeout=120")
    before = memory(mailsink)
    with ExitStack() as stack:
        path = f"/api/v3/messages/{id}/raw"
        clients = [ask(stack, mailsink, path) for _ in range(_CLIENTS)]
        [reader, *_], _, _ = select.select(
            clients, [], [], 120
        )  # who is being answered
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


@pytest.mark.long
def test_lists_that_nobody_takes_are_not_all_held(mailsink: Mailsink) -> None:
    """A list is not made as it is taken: what all of them hold is bounded."""
    people = ",\r\n ".join([f'"{_SMILES}" <u@example.com>'] * 22)
    with smtplib.SMTP(*mailsink.smtp, timeout=120) as client:
        for _ in range(_WITH_EMOJI):
            octets = f"Subject: many\r\nTo: {people}\r\n\r\nHi".encode()
            client.sendmail("a@shop.test", ["b@example.com"], octets)
    path = "/api/v3/messages?limit=500"
    mailsink.get("messages?limit=500")
    before, grown, waits = memory(mailsink), 0.0, []
    with ExitStack() as stack:
        clients = [ask(stack, mailsink, path) for _ in range(_ASKING)]
        waiting = set(clients)  # for the begin of an answer
        while waiting:
            begun, _, _ = select.select(list(waiting), [], [], 0)
            waiting.difference_update(begun)
            waits.append(mail(mailsink))
            grown = max(grown, memory(mailsink) - before)
        assert len(mailsink.get("messages?limit=500")["items"]) > 50
    assert max(waits) < LONGEST
    assert grown < 256  # MiB; with the garbage of making them


def acknowledge_next(reader: socket.socket, heard: Heard) -> None:
    """Acknowledge the batches that a viewer reads next, at least one."""
    while not (acks := heard.acks(reader.recv(1024 * 1024))):
        pass
    reader.sendall(b"".join(acks))


def is_open(client: socket.socket, said: bytes) -> bool:
    """Say something; return whether the server has not closed the connection."""
    try:
        client.sendall(said)
    except OSError:
        return False
    return True


@pytest.mark.long
def test_who_acknowledges_what_it_does_not_read_is_closed(mailsink: Mailsink) -> None:
    """Each mail makes a batch, so a liar can count them without reading.

    It acknowledges the batch of the mail before, which is surely on its way. The server
    sends no third batch before the first is acknowledged, so a mail of two batches does
    not take the count away.
    """
    with ExitStack() as stack:
        reader, *liars = (
            stack.enter_context(connected(mailsink)) for _ in range(_LIARS + 1)
        )
        for each in (reader, *liars):
            each.sendall(subscribe("messages"))
        for each in liars:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before, closed, heard = memory(mailsink), [], Heard()
        for seq in range(_MOST_MAILS):
            mail(mailsink, TO_MANY)
            acknowledge_next(reader, heard)
            ack = frame(b'{"type": "ack", "seq": %d}' % seq)
            closed = [each for each in liars if not is_open(each, ack)]
            if closed:
                break
        assert closed
        assert memory(mailsink) - before < 64  # MiB; without a bound 250
    assert mail(mailsink) < LONGEST
