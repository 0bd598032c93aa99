"""The web side over real sockets: wrong callers, headers, static files, websockets."""

from __future__ import annotations

import base64
import http.client
import json
import re
import select
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.running import ROOT, Mailsink, environment

Answer = tuple[http.client.HTTPResponse, bytes]


def ask(
    server: Mailsink, path: str = "/", method: str = "GET", **headers: str
) -> Answer:
    """Return the response to a request and its body; header names with _ for -."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=names)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@contextmanager
def connected(server: Mailsink) -> Iterator[socket.socket]:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as client:
        yield client


def rest(client: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    octets = b""
    while more := client.recv(4096):
        octets += more
    return octets


def status(client: socket.socket) -> int:
    """Return the status of the next answer, which is read to its end."""
    with closing(http.client.HTTPResponse(client)) as response:
        response.begin()
        response.read()
        return response.status


def wrong_port(server: Mailsink) -> bytes:
    host, port = server.smtp
    return (
        f"554 5.3.2 This is Mailsink's web page; send mail to {host}:{port} "
        "(set that port in the client)\r\n"
    ).encode()


@pytest.mark.parametrize("said", [b"EHLO client.example\r\n", b"MAIL FROM:<a@b>\r\n"])
def test_an_smtp_client_is_told_its_port(mailsink: Mailsink, said: bytes) -> None:
    with connected(mailsink) as client:
        client.sendall(said)
        assert rest(client) == wrong_port(mailsink)


def test_who_waits_for_a_greeting_gets_it_but_http_clients_do_not(
    mailsink: Mailsink,
) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(mailsink) as idle:
        idle.sendall(request)
        # It takes long where the views are loaded for it.
        assert status(idle) == 200
        with connected(mailsink) as slow, connected(mailsink) as smtp:
            slow.sendall(request[:2])
            assert rest(smtp) == wrong_port(mailsink)  # it came when patience was over
            idle.sendall(request)
            slow.sendall(request[2:])
            assert (status(idle), status(slow)) == (200, 200)


def test_tls_is_closed_at_once(mailsink: Mailsink) -> None:
    context = ssl.create_default_context()
    with connected(mailsink) as silent, connected(mailsink) as client:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(client, server_hostname="localhost")
        assert not select.select([silent], [], [], 0)[0], "patience with it goes on"


def test_a_foreign_host_is_told_the_variable(mailsink: Mailsink) -> None:
    response, body = ask(mailsink, Host="evil.example:8025")
    assert response.status == 400
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"MAILSINK_ALLOWED_HOSTS" in body
    response, body = ask(mailsink, "/api/v3/messages", Host="evil.example")
    assert response.status == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (400, "Unknown host")
    assert "MAILSINK_ALLOWED_HOSTS" in problem["detail"]


@pytest.mark.parametrize("path", ["/", "/api/v3/messages", "/static/icons.svg", "/no"])
def test_every_answer_has_the_safety_headers(mailsink: Mailsink, path: str) -> None:
    headers = ask(mailsink, path)[0].headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-DNS-Prefetch-Control"] == "off"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Server"] == "mailsink"


def test_static_files_are_hashed_compressed_and_cached_for_good(
    mailsink: Mailsink,
) -> None:
    page = ask(mailsink)[1].decode()
    scripts = re.findall(r'src="(/static/js/[^"]+)"', page)
    assert scripts
    for script in scripts:
        assert re.search(r"\.[0-9a-f]{12}\.js$", script)
        response, body = ask(mailsink, script)
        assert "immutable" in response.headers["Cache-Control"]
        for module in re.findall(rb'from "\.{1,2}/([^"]+)"', body):
            assert re.search(rb"\.[0-9a-f]{12}\.js$", module)
        response, body = ask(mailsink, script, Accept_Encoding="gzip")
        assert response.headers["Content-Encoding"] == "gzip"


def handshake(server: Mailsink, path: str = "/ws/live", **headers: str) -> int:
    """Return the status of the answer to a websocket's handshake."""
    given = {
        "Host": server.url.removeprefix("http://"),
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
    }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items()), "", ""]
    with connected(server) as client:
        client.sendall("\r\n".join(lines).encode())
        return int(client.recv(4096).split()[1])


def test_a_websocket_is_for_our_own_pages(mailsink: Mailsink) -> None:
    assert handshake(mailsink) == 101
    assert handshake(mailsink, Origin=mailsink.url) == 101
    assert handshake(mailsink, Origin="http://localhost:3000") == 403
    assert handshake(mailsink, Origin="null") == 403
    assert handshake(mailsink, Sec_Fetch_Site="cross-site") == 403
    assert handshake(mailsink, Host="evil.example") == 403
    both = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert handshake(mailsink, **both) == 403


_SEND_TOO_LATE = """
from mailsink.server.requests import WebSocket
wire = WebSocket()
wire.state = WebSocket.STATE_CLOSED
wire.maxMessagePayloadSize = 5
wire.sendMessage(b"too late", False)
assert wire.maxMessagePayloadSize == 5
"""
_SPEAK = """
import asyncio
from collections import deque
from mailsink.server.requests import WebSocket
wire = WebSocket()
wire.state, wire.client_addr, wire.waiting = WebSocket.STATE_OPEN, None, deque()
wire.application_queue = asyncio.Queue()
wire.last_ping = 5.0
wire.onMessage(b"{}", False)
assert wire.application_queue.qsize() == 1
assert wire.last_ping == 5.0, "who speaks is not pinged"
"""

_SPEAK_LATE = """
import socket
from daphne.server import twisted_loop as loop
from twisted.internet import reactor
from mailsink.server import doorkeeper
from mailsink.web.visitors import Visitors
doorkeeper._PATIENCE = 0
heard = []
class Channel:
    def makeConnection(self, wire): pass
    def dataReceived(self, octets):
        heard.append(octets)
        reactor.stop()
    def connectionLost(self, reason): pass
room = doorkeeper.WebCapacity(None, Visitors(9))
keepers = doorkeeper.Doorkeepers(room, b"554 No", lambda keeper: Channel())
with socket.create_server(("127.0.0.1", 0)) as listening:
    client = socket.create_connection(listening.getsockname())
    taken = listening.accept()[0]
taken.setblocking(False)
wire = reactor.adoptStreamConnection(taken.fileno(), socket.AF_INET, keepers)
# In the same turn of the loop, just before patience is over.
loop.call_at(wire.protocol.clock.when() - 0.001, client.sendall, b"GET / HTTP/1.1")
loop.call_later(5, reactor.stop)
reactor.run()
assert heard == [b"GET / HTTP/1.1"], client.recv(99)
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(_SEND_TOO_LATE, id="one that has just gone is no error"),
        pytest.param(_SPEAK_LATE, id="one that speaks at the last moment is heard"),
        pytest.param(_SPEAK, id="one that speaks is asked whether it reads"),
    ],
)
def test_a_connection_by_itself(tmp_path: Path, script: str) -> None:
    done = subprocess.run(  # as importing it makes this process's event loop
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_path_without_a_websocket_closes_it_quietly(mailsink: Mailsink) -> None:
    before = mailsink.stderr
    assert handshake(mailsink, "/ws/nothing") == 403
    assert mailsink.stderr == before


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
def test_a_body_that_is_too_large_is_refused(
    start_mailsink: Callable[..., Mailsink], chunked: bool
) -> None:
    server = start_mailsink(MAX_MESSAGE_SIZE="1K")
    lengths = "Transfer-Encoding: chunked" if chunked else "Content-Length: 2049"
    head = f"POST /api/v3/messages HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n"
    with connected(server) as client:
        client.sendall(head.encode())
        if chunked:
            client.sendall(b"801\r\n" + b"x" * 2049 + b"\r\n")
        assert rest(client).startswith(b"HTTP/1.1 413 ")
    body = b"x" * 2048
    with connected(server) as client:
        client.sendall(head.replace("2049", "2048").encode())
        client.sendall(b"800\r\n" + body + b"\r\n0\r\n\r\n" if chunked else body)
        assert client.recv(4096).split()[1] != b"413"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/settings",
        "/api/v3/messages",
        "/api/v3/none",
        "/messages/none",
        "/health/live",
    ],
)
def test_head_is_answered_as_get(mailsink: Mailsink, path: str) -> None:
    got, whole = ask(mailsink, path)
    head, body = ask(mailsink, path, "HEAD")
    assert (head.status, body) == (got.status, b"")
    assert whole
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_an_answer_to_head_has_no_octet_of_a_body(mailsink: Mailsink) -> None:
    """Else they would be read as the next answer. Long answers come in parts."""
    lines = b"x" * 70 + b"\r\n"
    with smtplib.SMTP(*mailsink.smtp) as client:
        mail = b"Subject: long\r\n\r\n" + lines * 3000
        client.sendmail("a@example.com", ["b@example.com"], mail)
    session = json.loads(ask(mailsink, "/api/v3/sessions")[1])["items"][0]["id"]
    paths = [
        "/api/v3/messages/latest/raw",
        "/api/v3/messages/latest/parts/0",
        "/api/v3/openapi.json",
        f"/api/v3/sessions/{session}/exchanges.txt",
    ]
    for path in paths:
        assert ask(mailsink, path)[1]  # a whole body, for GET
        with connected(mailsink) as wire:
            for method, last in (("HEAD", path), ("GET", "/health/live")):
                close = "Connection: close\r\n" if method == "GET" else ""
                head = f"{method} {last} HTTP/1.1\r\nHost: localhost\r\n{close}\r\n"
                wire.sendall(head.encode())
            _, end, after = rest(wire).partition(b"\r\n\r\n")
            assert end, path
            assert after.startswith(b"HTTP/1.1 200 "), (path, after[:80])
