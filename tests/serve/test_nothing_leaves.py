"""As it is started, Mailsink reaches nobody, whatever is asked of its API, pages and SMTP.

Within its process an audit hook sees each connection, datagram, look-up and other program.
"""

from __future__ import annotations

import json
import re
import shlex
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver

from inbox import urls
from tests.next_hop import next_hop
from tests.releasing import ended, post, route
from tests.running import Mailsink

WITNESS = Path(__file__).parent.parent / "witness"

# Of the API and the pages: who adds these says where mail or calls may go.
CONFIGURES = {"POST /api/v3/routes", "POST /api/v3/webhooks"}
FORMS_THAT_CONFIGURE = {"route-add", "webhook-add"}

MAIL = (
    b"From: =?utf-8?q?a?= <a@evil.test>\r\nTo: ann@evil.test\r\nReply-To: r@evil.test\r\n"
    b"Return-Receipt-To: r@evil.test\r\nDisposition-Notification-To: r@evil.test\r\n"
    b"Errors-To: r@evil.test\r\nList-Unsubscribe: <https://evil.test/u>, <mailto:u@evil.test>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMessage-ID: <1@evil.test>\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; d=evil.test; s=s; h=from; bh=; b=\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nSubject: %d\r\n\r\n"
    b"<link rel=stylesheet href='https://evil.test/s.css'><img src='https://evil.test/i'>"
    b"<a href='https://evil.test/verify?code=1'>Verify</a> 123456\r\n"
)
RECIPIENTS = (
    "ann@evil.test",
    "bounce+5.1.1@evil.test",
    "delay@mailsink.test",
    "autoreply@mailsink.test",
    "complaint@simulator.amazonses.com",
    "success@simulator.amazonses.com",
    "ann%evil.test@[192.0.2.1]",
)
LINES = (
    "VRFY ann@evil.test",
    "EXPN list@evil.test",
    "ETRN evil.test",
    "ETRN @evil.test",
    "ETRN #queue",
    "TURN",
    "XCLIENT ADDR=192.0.2.1 NAME=evil.test",
    "HELP ETRN",
    "AUTH PLAIN AGEAYg==",
    "ATRN evil.test",
)


class Witness:
    """What a Mailsink did beyond its own sockets."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def reached(self, server: Mailsink) -> list[str]:
        """Return the lines of what could reach others: not those about its own parts."""
        own = re.escape(str(server.smtp))  # of the page that sends a test message
        known = re.compile(
            rf"{_NUMERIC}|{_ANSWERING}|{_PICTURES}|socket\.connect .*{own}\)"
        )
        lines = self._log.read_text().splitlines()
        return [each for each in lines if not known.match(each)]


# A numeric address, or none, is not looked up: it is bound to.
_NUMERIC = r"socket\.getaddrinfo \((?:None|'[\d.]+'|'[\da-f:]+'|b'[\d.:]+'), "
# A worker of its own answers the heavier requests; it is watched as well.
_ANSWERING = r"subprocess\.Popen \('[^']+', \['[^']+', '[^']+manage\.py', 'answer', "

# The browser that takes pictures asks nobody: tests/api/test_screenshot.py watches it.
_PICTURES = r"subprocess\.Popen \('[^']+/playwright/driver/node', "


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Witness:
    log = tmp_path / "connections.txt"
    monkeypatch.setenv("PYTHONPATH", str(WITNESS))
    monkeypatch.setenv("CONNECTIONS_LOG", str(log))
    monkeypatch.setattr(Mailsink, "by_fork", False)  # a fork has another environment
    return Witness(log)


def ask(server: Mailsink, method: str, path: str, body: bytes, **headers: str) -> int:
    """Ask the web side for something; return the code of its answer."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        server.url + path, body or None, given, method=method
    )
    try:
        answer = urllib.request.urlopen(request, timeout=120)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        # A stream of events ends with its client: its beginning will do.
        endless = answer.headers.get_content_type() == "text/event-stream"
        answer.read(1 if endless else None)
        return int(answer.status)


def speak(server: Mailsink) -> None:
    """Say everything that SMTP has."""
    options = "RET=FULL ENVID=e SMTPUTF8"
    notify = "NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;ann@evil.test"
    with socket.create_connection(server.smtp, 120) as connection:
        replies = connection.makefile("rb")
        for line in (
            *("", "EHLO evil.test", f"MAIL FROM:<a@evil.test> {options}"),
            *(f"RCPT TO:<{each}> {notify}" for each in RECIPIENTS),
            *("DATA", MAIL.decode() + ".", *LINES),
        ):
            if line:
                connection.sendall(line.encode() + b"\r\n")
            while replies.readline()[3:4] == b"-":
                pass


def api_calls(server: Mailsink) -> Iterator[tuple[str, str, bytes]]:
    """Yield (method, path, body) of the example of each call that API v3 documents."""
    with urllib.request.urlopen(f"{server.url}/api/v3/openapi.json") as answer:
        document = json.load(answer)
    session = server.get("sessions")["items"][0]["id"]
    for template, calls in document["paths"].items():
        for method, call in calls.items():
            if f"{method.upper()} {template}" in CONFIGURES or method == "delete":
                continue
            line = call["description"].partition("```sh\n")[2].partition("\n```")[0]
            words = shlex.split(line)
            [url] = [each for each in words if each.startswith("http://")]
            split = urllib.parse.urlsplit(url)
            path = f"{split.path}?{split.query}"
            path = re.sub(r"/messages/[0-9a-f-]{36}", "/messages/latest", path)
            path = re.sub(r"/sessions/[0-9a-f-]{36}", f"/sessions/{session}", path)
            body = words[words.index("-d") + 1].encode() if "-d" in words else b""
            yield method.upper(), re.sub("timeout=[0-9]+", "timeout=1", path), body


def page_paths(
    patterns: list[URLPattern | URLResolver], id: str, before: str = "/"
) -> Iterator[tuple[str, str]]:
    """Yield the name and the path of each page; id: of a message or a session."""

    def value(match: re.Match[str]) -> str:
        return {"int": "1", "str": "hop", "short": "x"}.get(match[1], id)

    for each in patterns:
        path = before + re.sub(r"<(\w+):\w+>", value, str(each.pattern))
        if isinstance(each, URLResolver):
            yield from page_paths(each.url_patterns, id, path)
        else:
            yield each.name or "", path


FIELDS = {
    "route": "hop",
    "name": "hop",
    "recipients": "ann@evil.test",
    "host": "evil.test",
    "address": "ann@evil.test",
    "url": "https://evil.test/",
    "allow": "*",
    "on": "1",
    "domain": "evil.test",
    "action": "copy",
    "copy_to": "ann@evil.test",
}


@pytest.mark.long
def test_nothing_leaves_in_the_default_configuration(
    witness: Witness, start_mailsink: Callable[..., Mailsink]
) -> None:
    server = start_mailsink()
    speak(server)
    json_type = {"Content_Type": "application/json"}
    codes = [
        ask(server, method, path, body, **json_type)
        for method, path, body in api_calls(server)
    ]
    assert sum(code < 300 for code in codes) > 40, codes
    release = json.dumps({"route": "hop", "recipients": ["ann@evil.test"]}).encode()
    code = ask(server, "POST", "/api/v3/messages/latest/release", release, **json_type)
    assert code == 404
    ids = [server.get(each)["items"][0]["id"] for each in ("messages", "sessions")]
    form = urllib.parse.urlencode(FIELDS).encode()
    for id in ids:
        for name, path in page_paths(urls.urlpatterns, id):
            assert ask(server, "GET", path, b"") < 500, path
            if name not in FORMS_THAT_CONFIGURE:
                assert ask(server, "POST", path, form) < 500, path
    speak(server)
    assert server.stop() == 0
    assert witness.reached(server) == []


def test_the_witness_sees_what_leaves(
    witness: Witness, start_mailsink: Callable[..., Mailsink]
) -> None:
    server = start_mailsink()
    speak(server)
    with next_hop() as hop:
        route(server, hop.address, allow=["*"])
        recipients = {"recipients": ["ann@evil.test"]}
        asked = post(server, "messages/latest/release", route="hop", **recipients)
        ended(server, asked["id"])
    host, port = hop.address
    [line] = witness.reached(server)
    assert line.startswith("socket.connect ")
    assert line.endswith(f"('{host}', {port}))")
