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
    with socket.create_connection(at, timeout=120) as client:
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


def test_escapes_in_cookies_take_linear_time(mailsink: Mailsink) -> None:
    """Python 3.11.7 takes a quarter of a second for each, with none of it left to others."""
    at, field = web(mailsink), b'Cookie: a="%s"' % (rb"\a" * 7900)
    assert answer(at, get(b"/nowhere")).startswith(b"HTTP/1.1 404 ")
    before = mailsink.processor_time
    for _ in range(10):
        assert answer(at, get(b"/nowhere", field)).startswith(b"HTTP/1.1 404 ")
    assert mailsink.processor_time - before < 1


@pytest.mark.parametrize(
    "method", [b"get", b"gEt", b"Head", b"post", b"WEBSOCKET", b"TRACE", b"X" * 9000]
)
@pytest.mark.parametrize("path", [b"/", b"/api/v1/messages", b"/health/live"])
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


def test_api_v3_names_the_methods_that_an_address_takes(mailsink: Mailsink) -> None:
    """RFC 9110 §15.5.6, also for methods that no address has; not for what is none."""
    for method, expected in ((b"TRACE", b"405"), (b"QUERY", b"405"), (b"get", b"501")):
        head = get(b"/api/v3/guard", b"A: b").replace(b"GET", method, 1)
        said = answer(web(mailsink), head)
        assert said.split(b" ", 2)[1] == expected
        assert (b"\r\nAllow: " in said) == (expected == b"405")
    assert mailsink.stderr == ""


FIELDS = b"?" + b"&".join(b"a%d=x" % n for n in range(1001))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/", b"400"),
        (b"/nothing", b"404"),
        (b"/api/v3/messages", b"400"),
        (b"/api/v3/messages/wait", b"400"),
        (b"/health/live", b"200"),  # it reads no fields
    ],
)
@pytest.mark.parametrize("charset", [b"utf-8", b"latin-1", b"rot13", b"none"])
def test_fields_beyond_the_limit_are_refused_whatever_the_charset(
    mailsink: Mailsink, path: bytes, expected: bytes, charset: bytes
) -> None:
    kind = b"Content-Type: text/plain; charset=" + charset
    said = answer(web(mailsink), get(path + FIELDS, kind))
    assert said.split(b" ", 2)[1] == expected
    assert (b"at most 1000 fields" in said) == (expected == b"400")
    assert mailsink.stderr == ""


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Length: " + b"9" * 5000,  # more than Python reads as a number
        b"Content-Length: five",
        b"Transfer-Encoding: none",
        b"Content-Length: 1\r\nContent-Length: 1",
        b"no field at all",
        b"Transfer-Encoding: chunked\r\n\r\nnine\r\n",
    ],
)
@pytest.mark.parametrize("path", [b"/inbox", b"/api/v3/messages"])
def test_a_head_that_is_not_http_gets_a_sentence(
    mailsink: Mailsink, path: bytes, field: bytes
) -> None:
    behind = b"A: b\r\n\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    said = answer(web(mailsink), get(path, field) + behind)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert said.count(b"HTTP/1.1 ") == 1 + said.count(b"valid HTTP/1.1 (RFC 9112)")
    assert b"RFC 9112" in said
    assert mailsink.stderr == ""


@pytest.mark.parametrize("path", [b"/", b"/api/v3/messages/wait", b"/health/live"])
@pytest.mark.parametrize(
    "parameter", [b"x*=none'en'a", b"x*=idna'en'%ff", b"x*=utf-8''a; x*0*=b"]
)
def test_a_content_type_that_django_cannot_read(
    mailsink: Mailsink, path: bytes, parameter: bytes
) -> None:
    said = answer(web(mailsink), get(path, b"Content-Type: a/b; " + parameter))
    assert said.split(b" ", 2)[1] == b"400"
    assert b"a charset of its own" in said
    assert mailsink.stderr == ""


def test_a_part_of_a_form_that_django_cannot_read(mailsink: Mailsink) -> None:
    part = b"Content-Disposition: form-data; name*=utf-8''a; name*0*=b"
    body = b"--b\r\n%s\r\n\r\nx\r\n--b--\r\n" % part
    kind = b"Content-Type: multipart/form-data; boundary=b"
    length = b"Content-Length: %d" % len(body)
    request = get(b"/settings/mine", kind, length).replace(b"GET", b"POST", 1)
    said = answer(web(mailsink), request + body)
    assert said.split(b" ", 2)[1] == b"400"
    assert b"the head of a part is malformed" in said
    assert mailsink.stderr == ""


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        (b"/api/v3/messages?ids=" + b"a" * 20_000, b"A: b", b"414"),
        (b"/" + b"a" * 200_000, b"A: b", b"414"),
        (b"/", b"A: " + b"b" * 20_000, b"431"),
        (b"/", b"\r\n".join([b"A: " + b"b" * 6000] * 3), b"431"),
        (b"/", b"\r\n".join([b"A: b"] * 501), b"431"),
        (b"/" + b"a" * 16_300, b"A: " + b"b" * 200, b"431"),
    ],
)
def test_a_head_that_is_too_long_is_answered(
    mailsink: Mailsink, path: bytes, field: bytes, expected: bytes
) -> None:
    said = answer(web(mailsink), get(path, field))
    assert said.split(b" ", 2)[1] == expected
    assert b"16,384 bytes" in said
