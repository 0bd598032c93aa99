"""swaks: the tester's own client."""

from __future__ import annotations

import pytest

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def swaks(
    mailsink: Mailsink, *arguments: str, label: str = "SMTP", code: int = 0
) -> str:
    """Run it, which must end with that exit code; label: of the listener."""
    host, port = mailsink.address(label)
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


def test_swaks_starttls(mailsink: Mailsink, wire: Wire) -> None:
    """Turns to TLS by STARTTLS (RFC 3207), and names whom it means to talk to."""
    swaks(mailsink, "--tls", "--tls-sni", "mx.test", "--pipeline")
    session = wire.sessions()[-1]
    assert session["tls"]["sni"] == "mx.test"
    assert session["protocol"] == "ESMTPS"
    wire.matches("swaks-starttls")


def test_swaks_implicit_tls(mailsink: Mailsink, wire: Wire) -> None:
    """Begins with TLS (RFC 8314)."""
    swaks(mailsink, "--tls-on-connect", label="SMTPS")
    assert wire.message()["session"] == wire.sessions()[0]["id"]
    wire.matches("swaks-implicit-tls")


_NO_TLS = 29  # its exit code


def test_swaks_old_tls(mailsink: Mailsink, wire: Wire) -> None:
    """Knows no TLS but 1.1, is refused, and the session says why."""
    swaks(mailsink, "--tls", "--tls-protocol", "tlsv1_1", code=_NO_TLS)
    assert wire.sessions()[-1]["ending"] == "tls_failed"
    wire.matches("swaks-old-tls")
