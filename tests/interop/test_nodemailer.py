"""nodemailer: what most of Node sends mail by. tools/programs installs it by npm.

It leaves without QUIT, unless it keeps its connections in a pool.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink

_SEND = Path(__file__).parent / "node" / "send.js"
_MAIL = {
    "from": "a@example.com",
    "to": "b@example.com",
    "subject": "Hello",
    "text": "Hi",
}


def nodemailer(
    address: tuple[str, int], mail: dict[str, Any], code: int = 0, **options: Any
) -> str:
    """Send a mail, which must end with that exit code; return what it printed."""
    transport = {"host": address[0], "port": address[1], "name": "client.test"}
    return run(
        program("node", "nodejs"),
        *(str(_SEND), json.dumps(transport | options), json.dumps(mail)),
        code=code,
    )


def test_nodemailer(mailsink: Mailsink, wire: Wire) -> None:
    """Asks for DSN, with xtext (RFC 3461)."""
    dsn = {
        "id": "e+1=2",
        "return": "headers",
        "notify": ["success", "failure"],
        "recipient": "d@example.com",
    }
    sent = nodemailer(mailsink.smtp, {**_MAIL, "dsn": dsn}, ignoreTLS=True)
    assert json.loads(sent)["accepted"] == ["b@example.com"]
    envelope = wire.message()["envelope"]
    assert "ENVID=e+2B1+3D2" in envelope["parameters"]
    assert "ORCPT=rfc822;d@example.com" in envelope["recipients"][0]["parameters"]
    wire.matches("nodemailer")


def test_nodemailer_smtputf8(mailsink: Mailsink, wire: Wire) -> None:
    """Sends to an address that is not ASCII (RFC 6531)."""
    sent = nodemailer(
        mailsink.smtp, {**_MAIL, "to": "björn@example.com"}, ignoreTLS=True
    )
    assert json.loads(sent)["accepted"] == ["björn@example.com"]
    recipients = wire.message()["envelope"]["recipients"]
    assert recipients[0]["forward_path"] == "björn@example.com"
    wire.matches("nodemailer-smtputf8")


def test_nodemailer_requiretls(
    mailsink: Mailsink, wire: Wire, certificate: str
) -> None:
    """Turns to TLS of its own accord, and asks that all hops do (RFC 8689)."""
    mail = {**_MAIL, "requireTLSExtensionEnabled": True}
    tls = {"ca": Path(certificate).read_text()}
    nodemailer(mailsink.smtp, mail, tls=tls)
    assert "REQUIRETLS" in wire.message()["envelope"]["parameters"]
    wire.matches("nodemailer-requiretls")


def test_nodemailer_implicit_tls(
    mailsink: Mailsink, wire: Wire, certificate: str
) -> None:
    """Begins with TLS (RFC 8314)."""
    tls = {"ca": Path(certificate).read_text()}
    nodemailer(mailsink.address("SMTPS"), _MAIL, secure=True, tls=tls)
    assert wire.message()["subject"] == "Hello"
    wire.matches("nodemailer-implicit-tls")


def test_nodemailer_secure_on_the_plain_port(mailsink: Mailsink, wire: Wire) -> None:
    """Is set to `secure: true` for a port that is not: the classic mistake."""
    said = nodemailer(mailsink.smtp, _MAIL, code=1, secure=True)
    assert "wrong version number" in said or "packet length too long" in said
    wire.matches("nodemailer-secure-on-the-plain-port")


def test_nodemailer_comes_through_at_the_second_try(
    tmp_path: Path,
) -> None:
    """Takes STARTTLS wherever it is offered, and trusts no certificate of ours."""
    server = Mailsink(tmp_path)
    try:
        assert "self-signed certificate" in nodemailer(server.smtp, _MAIL, code=1)
        sent = nodemailer(server.smtp, _MAIL)
        assert json.loads(sent)["accepted"] == ["b@example.com"]
    finally:
        server.stop()


def test_nodemailer_and_a_certificate_that_nobody_signed(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    """Takes STARTTLS where it is offered: refused, then in plain text, then cured."""
    server = start_mailsink(HOSTNAME="localhost")
    wire = Wire(server)
    assert "self-signed certificate" in nodemailer(server.smtp, _MAIL, code=1)
    wire.sessions(1)  # has ended
    nodemailer(server.smtp, _MAIL)
    trusting = {"ca": (server.data / "tls-cert.pem").read_text()}
    nodemailer(server.smtp, _MAIL, requireTLS=True, tls=trusting)
    protocols = [each["protocol"] for each in wire.sessions(3)]
    assert protocols[1:] == ["ESMTP", "ESMTPS"]
