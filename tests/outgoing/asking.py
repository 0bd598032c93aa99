"""Asks a running Mailsink for things, by API, page and SMTP: a refusal is an answer, too."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.running import Mailsink


class Asking:
    """Asks one Mailsink. What is a fault of its own fails."""

    def __init__(self, server: Mailsink) -> None:
        self.server = server

    def api(self, method: str, path: str, **members: object) -> Any:
        """Ask API v3; return its answer, or None if it refuses."""
        body = json.dumps(members).encode() if method != "GET" else None
        json_type = {"Content-Type": "application/json"}
        return json.loads(self.ask(method, f"/api/v3/{path}", body, json_type) or b"0")

    def form(self, path: str, **fields: str) -> None:
        """Send a page's form."""
        self.ask("POST", path, urllib.parse.urlencode(fields).encode(), {})

    def ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes:
        request = urllib.request.Request(
            self.server.url + path, body, headers, method=method
        )
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            octets: bytes = answer.read()
            assert answer.status < 500, octets
            return octets if answer.status < 300 else b""

    def smtp(self, *lines: str) -> str:
        """Say lines to it, and wait for the reply to each; return the replies."""
        with socket.create_connection(self.server.smtp, 120) as connection:
            return "".join(said(connection, "EHLO client.test", *lines, "QUIT"))


def said(connection: socket.socket, *lines: str) -> list[str]:
    """Return the last line of the greeting, and of the reply to each of these lines."""
    heard = []
    with connection.makefile("rb", 0) as replies:
        for line in ("", *lines):
            if line:
                octets = line.encode("utf-8", "surrogateescape")
                connection.sendall(octets + b"\r\n")
            while (reply := replies.readline())[3:4] == b"-":
                pass
            heard.append(reply.decode())
            if not reply:
                break
    return heard
