"""swaks: the tester's own client."""

from __future__ import annotations

import pytest

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def swaks(mailsink: Mailsink, *arguments: str, code: int = 0) -> str:
    host, port = mailsink.smtp
    return run(
        program("swaks", "swaks"),
        *("--server", f"{host}:{port}", "--ehlo", "client.test"),
        *("--from", "a@example.com", "--to", "b@example.com,c@example.com"),
        *arguments,
        code=code,
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("swaks", ()),
        ("swaks-helo", ("--protocol", "SMTP")),
        ("swaks-pipeline", ("--pipeline",)),
    ],
)
def test_swaks(
    mailsink: Mailsink, wire: Wire, name: str, arguments: tuple[str, ...]
) -> None:
    """Sends plainly; with HELO; and MAIL, RCPT and DATA in a group (RFC 2920)."""
    swaks(mailsink, *arguments, "--header", f"Subject: {name}")
    assert wire.message()["subject"] == name
    wire.matches(name)


def test_swaks_drops(mailsink: Mailsink, wire: Wire) -> None:
    """Cuts the connection in the middle of a transaction."""
    swaks(mailsink, "--drop-after", "RCPT")
    assert wire.sessions()[-1]["ending"] == "dropped"
    wire.matches("swaks-drops")
