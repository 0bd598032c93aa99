"""Clients that ask who is known here: curl by VRFY and EXPN, smtplib, and swaks by RCPT."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from collections.abc import Iterator

import pytest

from tests.interop.clients import run
from tests.interop.test_curl import curl
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink

ADDRESSES = [
    {"address": "ann@example.com", "name": "Ann Smith"},
    {"address": "bob@example.com", "name": "Bob Smith"},
    {
        "address": "staff@example.com",
        "kind": "list",
        "target": ["ann@example.com", "jürgen@example.net"],
    },
    {"address": "far@example.com", "kind": "forwarded", "target": ["far@example.net"]},
    {"address": "gone@example.com", "kind": "moved", "target": ["new@example.net"]},
]


def patch(server: Mailsink, **settings: object) -> None:
    """Change settings of the inbox."""
    request = urllib.request.Request(
        f"{server.url}/api/v3/inboxes/default",
        method="PATCH",
        data=json.dumps(settings).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 200


@pytest.fixture(autouse=True)
def _addresses(mailsink: Mailsink) -> Iterator[None]:
    patch(mailsink, addresses=ADDRESSES, known_only=True)
    yield
    patch(mailsink, addresses=[], known_only=False)


def ask(server: Mailsink, verb: str, name: str, code: int = 0) -> str:
    return curl(server.smtp, "--request", verb, "--mail-rcpt", name, code=code)


def test_curl_verifies(mailsink: Mailsink, wire: Wire) -> None:
    """VRFY of a user, of one who has moved, of an ambiguous name, of nobody."""
    assert ask(mailsink, "VRFY", "ann@example.com") == (
        "250 2.1.5 Ann Smith <ann@example.com>\n"
    )
    assert "251 2.1.5" in ask(mailsink, "VRFY", "far")
    # curl takes 553 for an answer, and other 5yz for a failure (exit code 8)
    assert "<bob@example.com>" in ask(mailsink, "VRFY", "smith")
    assert "551" in ask(mailsink, "VRFY", "gone", code=8)
    assert "550" in ask(mailsink, "VRFY", "nobody", code=8)
    wire.matches("curl-vrfy", count=5)


def test_curl_expands(mailsink: Mailsink, wire: Wire) -> None:
    """EXPN of a list, with SMTPUTF8 as it is offered; of a user."""
    assert ask(mailsink, "EXPN", "staff") == (
        "250-2.1.5 Ann Smith <ann@example.com>\n250 2.1.5 <jürgen@example.net>\n"
    )
    assert "550" in ask(mailsink, "EXPN", "ann", code=8)
    wire.matches("curl-expn", count=2)


def test_smtplib_asks(mailsink: Mailsink, wire: Wire) -> None:
    """verify() and expn(), which know nothing of SMTPUTF8."""
    with smtplib.SMTP(*mailsink.smtp, local_hostname="client.test") as client:
        client.ehlo()
        assert client.verify("ann") == (250, b"2.1.5 Ann Smith <ann@example.com>")
        assert client.expn("staff")[0] == 252
    wire.matches("smtplib-vrfy")


def test_swaks_sends_to_some_who_are_known(mailsink: Mailsink, wire: Wire) -> None:
    """The message is stored for those who are, though one is not and one has moved."""
    host, port = mailsink.smtp
    to = "ann@example.com,far@example.com,gone@example.com,nobody@example.com"
    run(
        program("swaks", "swaks"),
        *("--server", f"{host}:{port}", "--helo", "client.test"),
        *("--from", "a@example.com", "--to", to, "--header", "Subject: Known"),
    )
    recipients = wire.message()["envelope"]["recipients"]
    assert [one["rcpt_code"] for one in recipients] == [250, 251, 551, 550]
    (session,) = wire.sessions()
    rules = {one["rule"] for one in session["exchanges"] if one["verb"] == "RCPT"}
    assert rules == {"", "known addresses of inbox default"}
    wire.matches("swaks-known")
