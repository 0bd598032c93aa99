"""Connections by the hundred, with few file descriptors: mail goes on, the log stays short."""

from __future__ import annotations

import os
import select
import smtplib
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from mailsink.descriptors import Descriptors
from tests.attack.test_bodies import MIB, post
from tests.attack.web import (
    HALF,
    LONGEST,
    WAIT,
    WEBSOCKET,
    health,
    mail,
    many,
    memory,
    takes,
    until_one_hears,
    web,
)
from tests.running import Mailsink

Start = Callable[..., Mailsink]
LARGE = b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * 30_000  # 2 MB
LIMITS = pytest.mark.parametrize(
    "limit", [128, 256, pytest.param(1024, marks=pytest.mark.long)]
)


@LIMITS
def test_half_requests_give_way_to_others(start_mailsink: Start, limit: int) -> None:
    server = start_mailsink(descriptors=limit)
    with many(web(server), [HALF] * (limit + 300)):
        assert mail(server) < LONGEST
        assert health(server).startswith(b"HTTP/1.1 200 ")
    assert server.stderr.count("\n") <= 1


@LIMITS
def test_mail_clients_hear_that_they_are_too_many(
    start_mailsink: Start, limit: int
) -> None:
    server = start_mailsink(descriptors=limit)
    with smtplib.SMTP(*server.smtp, timeout=120) as early:
        early.helo("early.example")
        with many(server.smtp, [b""] * limit) as clients:
            assert {client.recv(3) for client in clients} == {b"220", b"421"}
            with pytest.raises(smtplib.SMTPConnectError, match="421"):
                smtplib.SMTP(*server.smtp, timeout=120)
            # Who was there before goes on, and so does the web.
            early.sendmail("a@shop.test", ["b@example.com"], "Subject: x\r\n\r\nHi")
            assert health(server).startswith(b"HTTP/1.1 200 ")
    assert mail(server) < LONGEST
    assert server.stderr.count("\n") <= 1


@pytest.mark.long
@takes(20_000)
@pytest.mark.usefixtures("thousands_of_clients")
def test_where_descriptors_are_plenty_thousands_take_little(
    start_mailsink: Start,
) -> None:
    """Nobody is turned away for want of them: what else is bounded has to hold."""
    server = start_mailsink()
    assert mail(server) < LONGEST
    before = memory(server)
    with (
        many(web(server), [HALF] * 2000 + [WAIT] * 2000 + [WEBSOCKET] * 400),
        many(server.smtp, [b""] * 1200) as clients,
    ):
        assert {client.recv(3) for client in clients} == {b"220", b"421"}
        assert health(server).startswith(b"HTTP/1.1 200 ")
        assert memory(server) - before < 300  # MiB
    assert mail(server) < LONGEST
    assert server.stderr.count("\n") <= 1


@pytest.mark.parametrize("said", [WAIT, WEBSOCKET], ids=["waiters", "websockets"])
def test_visitors_who_stay_leave_room_for_mail(
    start_mailsink: Start, said: bytes
) -> None:
    server = start_mailsink(descriptors=128)
    assert b'"descriptors": "ok"' in health(server)
    with until_one_hears(web(server), said, b"HTTP/1.1 503 "):
        assert mail(server) < LONGEST
    assert server.stderr.count("\n") <= 1


@LIMITS
def test_visitors_beyond_their_share_leave_room_for_the_database(
    start_mailsink: Start, limit: int
) -> None:
    server = start_mailsink(descriptors=limit)
    with many(web(server), [WAIT] * (3 * limit)):
        assert mail(server) < LONGEST
    assert server.stderr.count("\n") <= 1


def test_visitors_who_press_in_leave_room_for_mail(start_mailsink: Start) -> None:
    """Those that nobody has let in or turned away yet have descriptors, too."""
    server = start_mailsink(descriptors=128)
    over = threading.Event()

    def press() -> None:
        while not over.is_set():
            with suppress(OSError), many(web(server), [WAIT] * 128):
                pass

    visitors = [threading.Thread(target=press) for _ in range(3)]
    for each in visitors:
        each.start()
    try:
        for _ in range(60):
            assert mail(server) < LONGEST
    finally:
        over.set()
        for each in visitors:
            each.join()


def test_what_was_turned_away_is_told(start_mailsink: Start) -> None:
    server = start_mailsink(descriptors=128)
    with until_one_hears(web(server), WAIT, b"HTTP/1.1 503 "):
        pass
    while not (told := health(server)).startswith(b"HTTP/1.1 200 "):
        pass  # that they have gone is still to be seen
    assert b"ulimit -n" in told
    assert server.stderr.count("connections are turned away") == 1
    assert server.stderr.count("\n") == 1


def test_a_request_that_comes_slowly_is_ended(start_mailsink: Start) -> None:
    server = start_mailsink()
    with socket.create_connection(web(server), timeout=120) as client:
        client.sendall(HALF)
        with pytest.raises(ConnectionResetError):
            client.recv(1)  # within the time for the head
    assert mail(server) < LONGEST


def test_the_files_of_uploads_leave_room_for_mail(start_mailsink: Start) -> None:
    """Each upload takes a connection and files; none of them finds the reserve."""
    server = start_mailsink(descriptors=256)
    shares = Descriptors(256).shares
    head = post("/api/v3/messages", 40 * MIB, "Content-Type: message/rfc822")
    uploads = [head + b"x" * 200_000] * shares.web
    with (
        smtplib.SMTP(*server.smtp, timeout=120) as early,
        many(server.smtp, [b""] * (shares.smtp - 1)),
        many(web(server), uploads) as clients,
    ):
        until_each_has_a_file_or_is_answered(server, clients)
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < shares.top
        # It is a file, too.
        early.sendmail("a@shop.test", ["b@example.com"], LARGE)
    assert server.stderr.count("\n") <= 1


def until_each_has_a_file_or_is_answered(
    server: Mailsink, clients: list[socket.socket]
) -> None:
    deadline = time.monotonic() + 120
    answered: set[socket.socket] = set()
    while True:
        waiting = [each for each in clients if each not in answered]
        answered.update(select.select(waiting, [], [], 0.01)[0])
        files = [
            each
            for each in Path(f"/proc/{server.process.pid}/fd").iterdir()
            if is_deleted(each)
        ]
        if len(files) + len(answered) >= len(clients):
            return
        assert time.monotonic() < deadline, (len(files), len(answered))


def is_deleted(descriptor: Path) -> bool:
    """Whether it is of a file without a name, as those of bodies are."""
    with suppress(OSError):
        return " (deleted)" in str(descriptor.readlink())
    return False


def test_an_upload_that_finds_no_room_may_come_again(start_mailsink: Start) -> None:
    server = start_mailsink(descriptors=128)
    head = post("/api/v3/messages", 40 * MIB, "Content-Type: message/rfc822")
    upload = head + b"x" * 200_000
    with ExitStack() as stack:
        waiting: list[socket.socket] = []
        said = b""
        while not said.startswith(b"HTTP/1.1 503 "):
            client = socket.create_connection(web(server), timeout=120)
            waiting.append(stack.enter_context(client))
            with suppress(OSError):
                client.sendall(upload)
            for each in select.select(waiting, [], [], 0.01)[0]:
                waiting.remove(each)
                with suppress(OSError):
                    said = said if b" 503 " in said else each.recv(4096)
    assert b"\r\nretry-after: 5\r\n" in said.lower()
