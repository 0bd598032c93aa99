"""Heads of requests that nobody's client sends: a 4xx, no traceback, and no way around."""

from __future__ import annotations

import socket

import pytest

from tests.attack.web import WEBSOCKET, answer, web
from tests.running import Mailsink

WS = WEBSOCKET.removesuffix(b"\r\n\r\n")
ROOT = b"Daphne-Root-Path: "


def get(path: bytes, *fields: bytes) -> bytes:
    head = (b"GET %s HTTP/1.1" % path, b"Host: localhost", b"Connection: close")
    return b"\r\n".join([*head, *fields, b"", b""])


def status(at: tuple[str, int], head: bytes) -> bytes:
    """Return the status of what a head is answered, which may stay open."""
    with socket.create_connection(at, timeout=20) as client:
        client.sendall(head + b"\r\n\r\n")
        return client.recv(64 * 1024).split(b" ", 2)[1]


@pytest.mark.parametrize(
    "path",
    [b"/x/api/v3/messages/wait?timeout=0", b"/x/health/live", b"/%78/health/live"],
)
@pytest.mark.parametrize("root", [b"/x", b"/%78", b"/", b"x"])
@pytest.mark.parametrize("name", [ROOT, ROOT.upper(), ROOT.replace(b"-", b"_")])
def test_a_client_does_not_say_where_mailsink_is_served(
    mailsink: Mailsink, path: bytes, root: bytes, name: bytes
) -> None:
    said = answer(web(mailsink), get(path, name + root))
    assert said.split(b" ", 2)[1] == b"404"


def test_octets_in_a_head_leave_no_traceback(mailsink: Mailsink) -> None:
    at = web(mailsink)
    assert answer(at, get(b"/health/live", ROOT + b"\xff")).startswith(b"HTTP/1.1 200 ")
    for field in (b"Protocol: a\xff", b"Protocol: a, \xc3\xa9", b"Extensions: \xff"):
        assert status(at, WS + b"\r\nSec-WebSocket-" + field) == b"400"
    # RFC 9110 §5.5: others may hold such octets, as cookies do.
    fields = b"\r\nCookie: \xff=\xff\r\n" + ROOT + b"\xff"
    assert status(at, WS + fields) == b"101"
    assert mailsink.stderr == ""


@pytest.mark.parametrize(
    "method", [b"get", b"gEt", b"Head", b"post", b"WEBSOCKET", b"TRACE", b"X" * 9000]
)
@pytest.mark.parametrize("path", [b"/", b"/api/v3/messages", b"/health/live"])
def test_only_methods_as_they_are_written_go_on(
    mailsink: Mailsink, method: bytes, path: bytes
) -> None:
    """RFC 9110 §9.1: case matters. Django takes `get` for GET, but Mailsink's layers do not."""
    for field in (b"A: b", b"Content-Length: 1\r\n\r\nx"):
        said = answer(web(mailsink), get(path, field).replace(b"GET", method, 1))
        assert said.split(b" ", 2)[1] == b"501"
        assert method[:40] in said
        assert b"GET, HEAD" in said
        assert len(said) < 2000
    assert mailsink.stderr == ""


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        (b"/api/v3/messages?ids=" + b"a" * 20_000, b"A: b", b"414"),
        (b"/" + b"a" * 200_000, b"A: b", b"414"),
        (b"/", b"A: " + b"b" * 20_000, b"431"),
    ],
)
def test_a_head_that_is_too_long_is_answered(
    mailsink: Mailsink, path: bytes, field: bytes, expected: bytes
) -> None:
    said = answer(web(mailsink), get(path, field))
    assert said.split(b" ", 2)[1] == expected
    assert b"16,384 bytes" in said
