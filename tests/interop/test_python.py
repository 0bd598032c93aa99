"""The mail clients of Python: smtplib, aiosmtplib and Django."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import aiosmtplib
import pytest
from django.core import mail
from django.test import override_settings

from tests.interop.clients import MAIL, raw
from tests.interop.transcripts import Wire
from tests.running import Mailsink

_FROM, _TO = "a@example.com", ["b@example.com", "c@example.com"]


def test_smtplib(mailsink: Mailsink, wire: Wire) -> None:
    """Writes verbs in lower case, declares SIZE, and quotes dots by itself."""
    with smtplib.SMTP(*mailsink.smtp, local_hostname="client.test") as client:
        assert client.sendmail(_FROM, _TO, MAIL) == {}
    assert raw(mailsink, wire.message()["id"]) == MAIL
    wire.matches("smtplib")


def test_smtplib_without_extensions(mailsink: Mailsink, wire: Wire) -> None:
    """Says HELO, and asks NOOP, RSET, VRFY, EXPN and HELP as an old client may."""
    with smtplib.SMTP(*mailsink.smtp, local_hostname="client.test") as client:
        client.helo()
        for ask in (client.noop, client.rset, client.help):
            ask()
        client.docmd("HELP", "MAIL")
        assert client.docmd("HELP", "STATUS")[0] == 211
        assert client.sendmail(_FROM, _TO, MAIL) == {}
    assert wire.message()["subject"] == "Hello"
    wire.matches("smtplib-helo")


def test_smtplib_parameters(mailsink: Mailsink, wire: Wire) -> None:
    """Sends what no other client at hand can ask for, and two parameters too many.

    DELIVERBY (RFC 2852) with DSN (RFC 3461), MT-PRIORITY (RFC 6710), HOLDFOR (RFC 4865),
    which is not for this listener, and one that nobody knows.
    """
    with smtplib.SMTP(*mailsink.smtp, local_hostname="client.test") as client:
        client.ehlo()
        for refused in ("HOLDFOR=60", "XYZZY=1"):
            with pytest.raises(smtplib.SMTPSenderRefused) as caught:
                client.sendmail(_FROM, _TO, MAIL, [refused])
            assert caught.value.smtp_code == 555
        client.sendmail(
            *(_FROM, _TO, MAIL),
            ["BODY=8BITMIME", "BY=+120;RT", "MT-PRIORITY=-3", "AUTH=<>", "RET=FULL"],
            ["NOTIFY=NEVER"],
        )
    envelope = wire.message()["envelope"]
    assert "BY=+120;RT MT-PRIORITY=-3" in envelope["parameters"]
    assert envelope["recipients"][0]["parameters"] == "NOTIFY=NEVER"
    wire.matches("smtplib-parameters")


def test_smtplib_submission(mailsink: Mailsink, wire: Wire) -> None:
    """Has a submission listener hold a mail back, by seconds or to a time (RFC 4865)."""
    submission = mailsink.address("Submission")
    with smtplib.SMTP(*submission, local_hostname="client.test") as client:
        client.ehlo()
        assert client.has_extn("futurerelease")
        for wish in ("HOLDFOR=60", f"HOLDUNTIL={_in_an_hour()}"):
            assert client.sendmail(_FROM, _TO, MAIL, [wish]) == {}
    wire.matches("smtplib-submission")


def _in_an_hour() -> str:
    at = datetime.now(UTC) + timedelta(hours=1)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_smtplib_requiretls(mailsink: Mailsink, wire: Wire, certificate: str) -> None:
    """Turns to TLS, and asks that all hops do (RFC 8689)."""
    trust = ssl.create_default_context(cafile=certificate)
    with smtplib.SMTP(*mailsink.smtp, local_hostname="client.test") as client:
        client.starttls(context=trust)
        client.sendmail(_FROM, _TO, MAIL, ["REQUIRETLS"])
    assert "REQUIRETLS" in wire.message()["envelope"]["parameters"]
    wire.matches("smtplib-requiretls")


def test_smtplib_implicit_tls(mailsink: Mailsink, wire: Wire, certificate: str) -> None:
    """Begins with TLS (RFC 8314)."""
    smtps, trust = (
        mailsink.address("SMTPS"),
        ssl.create_default_context(cafile=certificate),
    )
    with smtplib.SMTP_SSL(*smtps, "client.test", context=trust) as client:
        client.sendmail(_FROM, _TO, MAIL)
    assert raw(mailsink, wire.message()["id"]) == MAIL
    wire.matches("smtplib-implicit-tls")


def test_aiosmtplib(mailsink: Mailsink, wire: Wire) -> None:
    """Sends an EmailMessage with SMTPUTF8, as its sender is not ASCII."""
    message = EmailMessage()
    message["From"], message["To"] = "björn@example.com", "b@example.com"
    message["Subject"] = "Grüße"
    message.set_content("Hei på deg\n")
    host, port = mailsink.smtp
    asyncio.run(
        aiosmtplib.send(
            message,
            hostname=host,
            port=port,
            local_hostname="client.test",
            start_tls=False,
        )
    )
    stored = wire.message()
    assert stored["subject"] == "Grüße"
    assert stored["envelope"]["reverse_path"] == "björn@example.com"
    wire.matches("aiosmtplib")


def test_django(mailsink: Mailsink, wire: Wire) -> None:
    """Sends several messages through one connection, logged in."""
    host, port = mailsink.smtp
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with override_settings(EMAIL_BACKEND=backend):
        settings = {"host": host, "port": port, "username": "me", "password": "x"}
        with mail.get_connection(**settings) as connection:
            for subject in ("One", "Two"):
                letter = mail.EmailMultiAlternatives(
                    subject, "Plain", _FROM, _TO, bcc=["d@example.com"]
                )
                letter.connection = connection
                letter.attach_alternative("<p>HTML</p>", "text/html")
                assert letter.send() == 1
    stored = wire.message()
    assert stored["subject"] == "Two"
    assert len(stored["envelope"]["recipients"]) == 3
    wire.matches("django")
