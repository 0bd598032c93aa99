"""Whoever has long transcripts read, or mail of dense HTML compared, holds up nobody.

It is done in processes beside the server, which give the memory back.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from tests.attack.large import head, send
from tests.attack.test_large_mail import indexed, open_page, until, workers_of
from tests.attack.web import Others, mail, memory
from tests.running import Mailsink

_AT_ONCE = 10
_LINE = b"XYZW " + b"ab " * 4000 + b"\r\n"
_LINES = 600  # 7 MB
_MARKS = "\u0315\u0300\u05ae".encode() * 13_000  # 78 KB
_ELEMENT = b'<g><a xlink:href="%b"><text>%b\r\n'


@pytest.fixture
def server(start_mailsink: Callable[..., Mailsink]) -> Mailsink:
    """A server that has its views, and a mail."""
    found = start_mailsink()
    mail(found)
    found.get("messages")
    return found


def say_much(server: Mailsink) -> None:
    """Send a mail in a session with lines of 12 KB, each of which is refused."""
    with socket.create_connection(server.smtp, timeout=120) as client:
        replies = client.makefile("rb")
        for line in (
            b"EHLO client.example\r\n", *[_LINE] * _LINES, b"MAIL FROM:<a@shop.test>\r\n",
            b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n", b"Subject: long\r\n\r\nHi\r\n.\r\n",
            b"QUIT\r\n",
        ):  # fmt: skip
            client.sendall(line)
            while replies.readline()[3:4] == b"-":
                pass
        assert replies.read().count(b"\r\n") == 1


def all_at_once(server: Mailsink, path: str) -> None:
    """Ask for the same many times at once."""
    answers: list[int] = []
    asking = [
        threading.Thread(target=lambda: answers.append(open_page(server, path)[0]))
        for _ in range(_AT_ONCE)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert answers == [200] * _AT_ONCE


@pytest.mark.long
def test_long_transcripts_hold_nobody_up(server: Mailsink) -> None:
    say_much(server)
    say_much(server)
    found = server.get("messages?q=subject:long")["items"]
    left, right = (each["id"] for each in found)
    session = f"/api/v3/sessions/{found[0]['session']}"
    before = memory(server)
    with Others(server) as others:
        all_at_once(server, f"{session}/exchanges.txt")
        all_at_once(server, f"{session}/case")
        all_at_once(server, f"/api/v3/messages/{left}/compare/{right}")
    others.assert_quick()
    assert memory(server) - before < 32  # MiB


@pytest.mark.parametrize(
    "what", ["checks", pytest.param("compare", marks=pytest.mark.long)]
)
def test_dense_html_holds_nobody_up(server: Mailsink, what: str) -> None:
    left, right = (
        send(server, head("html") + b"<svg>" + _ELEMENT % (word, word) * 15_000)
        for word in (b"x", b"y")
    )
    server.get(f"messages/{left}")
    paths = {
        "compare": f"/api/v3/messages/{left}/compare/{right}",
        "checks": f"/messages/{left}/checks",
    }
    with Others(server) as others:
        all_at_once(server, paths[what])
        assert workers_of(server)
    others.assert_quick()


def test_a_mail_of_marks_holds_nobody_up(server: Mailsink) -> None:
    """Unicode puts marks in a row in order, which takes quadratic time."""
    with Others(server) as others:
        send(server, head("plain") + b"a" + _MARKS + b"\r\n")
        until(lambda: indexed(server) and len(others.waits) > 3, "it is not indexed")
    others.assert_quick()
