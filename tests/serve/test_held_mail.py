"""Held mail leaves a running Mailsink when its receiver asks for it."""

from __future__ import annotations

import smtplib
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.releasing import (
    BODY,
    ended,
    post,
    raw,
    route,
    send,
    until,
)
from tests.running import Mailsink

OTHER = b"Subject: Second\r\n\r\n8-bit \xc3\xa9, NUL-free\r\n.\r\n..\r\nlast"


class Peer:
    """A client that turns the connection round, and is a server from then on."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=120)
        self.lines = self.socket.makefile("rb")
        self.mails: list[bytes] = []
        self.envelopes: list[list[bytes]] = []

    def close(self) -> None:
        self.lines.close()
        self.socket.close()

    def say(self, line: str) -> None:
        self.socket.sendall(f"{line}\r\n".encode())

    def reply(self) -> str:
        """The last line of the next reply."""
        while (line := self.lines.readline())[3:4] == b"-":
            pass
        return line.decode().strip()

    def ask(self, *commands: str) -> str:
        """Send commands one by one; return the last reply."""
        reply = ""
        for command in commands:
            self.say(command)
            reply = self.reply()
        return reply

    def receive(self, answer_to_mail: str = "250 kept") -> None:
        """Be a server until QUIT."""
        self.say("220 peer.test ESMTP")
        envelope: list[bytes] = []
        while line := self.lines.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.say("250-peer.test\r\n250 8BITMIME")
            elif verb == b"DATA":
                self.say("354 go")
                self.mails.append(self._message())
                self.envelopes.append(envelope)
                envelope = []
                self.say(answer_to_mail)
            elif verb == b"QUIT":
                self.say("221 bye")
                assert self.lines.read() == b""
                return
            else:
                envelope.append(line.strip())
                self.say("250 ok")

    def _message(self) -> bytes:
        lines = []
        while (line := self.lines.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        return b"".join(lines)


@pytest.fixture
def peer() -> Iterator[Callable[..., tuple[Peer, str]]]:
    """Makes a client that has said hello and these commands; with the last reply."""
    made: list[Peer] = []

    def make(server: Mailsink, *commands: str) -> tuple[Peer, str]:
        made.append(Peer(server.smtp))
        made[-1].reply()
        return made[-1], made[-1].ask("EHLO client.example.com", *commands)

    yield make
    for each in made:
        each.close()


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path / "second")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr


def states(server: Mailsink) -> list[str]:
    items = server.get("held/example.com/releases")["items"]
    return [each["state"] for each in items]


AUTH = "AUTH PLAIN AGFubgB4"  # ann, x


def test_atrn_takes_what_waits(
    start_mailsink: Callable[..., Mailsink], peer: Callable[..., tuple[Peer, str]]
) -> None:
    server = start_mailsink()
    post(server, "held", domain="example.com", users=["ann"])
    send(server)
    send(server, OTHER)
    client, reply = peer(server, AUTH, "ATRN example.com")
    assert reply.startswith("250 2.0.0 OK, now reversing the connection")
    client.receive()
    assert client.mails == [BODY, OTHER + b"\r\n"]
    assert client.envelopes[0] == [
        b"MAIL FROM:<a@example.com>",
        b"RCPT TO:<b@example.com>",
        b"RCPT TO:<c@example.com>",
    ]
    assert b" BODY=8BITMIME" in client.envelopes[1][0]
    until(lambda: states(server) == ["delivered", "delivered"])
    session = until(lambda: _turned(server))
    directions = [each["direction"] for each in session["exchanges"]]
    assert directions == sorted(directions)  # in, then out
    assert directions.count("out") > 8
    with urllib.request.urlopen(f"{server.url}/sessions/{session['id']}") as answer:
        assert "Sent 2 messages (ATRN)" in answer.read().decode()
    [release, _] = server.get("held/example.com/releases")["items"]
    assert release["requested_by"] == "ann (ATRN)"
    assert [each["session"] for each in release["tries"]] == [session["id"]]
    _, reply = peer(server, AUTH, "ATRN")
    assert reply.startswith("453 ")
    # undone, it is taken once more
    post(server, f"releases/{release['id']}/hold")
    client, _ = peer(server, AUTH, "ATRN")
    client.receive()
    assert client.mails == [OTHER + b"\r\n"]


def _turned(server: Mailsink) -> dict[str, Any] | None:
    newest = server.get("sessions?limit=1")["items"][0]
    found: dict[str, Any] = server.get(f"sessions/{newest['id']}")
    return found if found["ending"] == "turned" else None


def test_a_peer_that_puts_off_or_leaves_loses_nothing(
    start_mailsink: Callable[..., Mailsink], peer: Callable[..., tuple[Peer, str]]
) -> None:
    server = start_mailsink()
    post(server, "held", domain="example.com", users=["ann"])
    send(server)
    client, _ = peer(server, AUTH, "ATRN")
    client.receive("451 later")
    until(lambda: states(server) == ["held"])
    client, _ = peer(server, AUTH, "ATRN")
    client.say("220 peer.test")
    client.lines.readline()
    client.close()
    until(lambda: states(server) == ["held"])
    client, _ = peer(server, AUTH, "ATRN")
    client.receive()
    assert client.mails == [BODY]
    [release] = server.get("held/example.com/releases")["items"]
    assert len(release["tries"]) == 3


def test_turn_of_a_trusted_network(
    start_mailsink: Callable[..., Mailsink], peer: Callable[..., tuple[Peer, str]]
) -> None:
    server = start_mailsink(SMTP_TURN="127.0.0.0/8")
    post(server, "held", domain="example.com")
    send(server)
    _, reply = peer(server, "EHLO other.test", "TURN")
    assert reply.startswith("502 5.5.1 No messages are waiting for you")
    client, reply = peer(server, "TURN")
    assert reply.startswith("250 ")
    client.receive()
    assert client.mails == [BODY]
    [release] = server.get("held/example.com/releases")["items"]
    assert release["requested_by"] == "client.example.com (TURN)"


def test_etrn_sends_to_a_second_server(
    start_mailsink: Callable[..., Mailsink], second: Mailsink
) -> None:
    server = start_mailsink()
    post(server, "held", domain="example.com")
    send(server)
    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo("mx.example.com")
        assert client.docmd("ETRN", "example.com")[0] == 458
        route(server, second.smtp)
        server.patch("held/example.com", route="hop")
        code, text = client.docmd("ETRN", "example.com")
        assert (code, text) == (
            253,
            b"2.0.0 1 pending message for example.com started",
        )
    [release] = server.get("held/example.com/releases")["items"]
    assert ended(server, release["id"])["state"] == "delivered"
    assert raw(second) == BODY
