"""Mail as clients send it by default shows nothing that breaks or is risky."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import localtime, make_msgid

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from tests.interop.clients import get
from tests.interop.postfix import postfix
from tests.interop.test_nodemailer import nodemailer
from tests.interop.transcripts import Wire
from tests.running import Mailsink

TEXTS = ["Hi there\n", "Grüße, Ann\n"]


def told(mailsink: Mailsink, wire: Wire) -> str:
    """Return the client that was recognised; nothing it did may be counted."""
    [session] = wire.sessions(1)
    found = get(mailsink, f"sessions/{session['id']}/findings")
    wrong = [each["kind"] for each in found["items"] if each["severity"] != "info"]
    assert (wrong, found["count"]) == ([], 0)
    return str(found["client"]["name"])


@pytest.mark.parametrize("text", TEXTS)
def test_nodemailer(mailsink: Mailsink, wire: Wire, text: str) -> None:
    letter = {
        "from": "Shop <a@example.com>",
        "to": "b@example.com",
        "subject": text,
        "text": text,
    }
    nodemailer(mailsink.smtp, letter | {"html": f"<p>{text}</p>"}, ignoreTLS=True)
    assert told(mailsink, wire) == "nodemailer"


@pytest.mark.parametrize("text", TEXTS)
def test_smtplib(mailsink: Mailsink, wire: Wire, text: str) -> None:
    """What has no header of its own: it is Python's email that writes it."""
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    message["Bcc"] = "c@example.com"  # send_message leaves it out
    message["Subject"] = text.strip()
    message["Date"], message["Message-ID"] = localtime(), make_msgid()
    message.set_content(text)
    with smtplib.SMTP(*mailsink.smtp) as client:
        client.send_message(message)
    assert told(mailsink, wire) == "Python's smtplib"


@pytest.mark.parametrize("text", TEXTS)
def test_django(mailsink: Mailsink, wire: Wire, text: str) -> None:
    host, port = mailsink.smtp
    backend = "django.core.mail.backends.smtp.EmailBackend"
    connection = mail.get_connection(backend, host=host, port=port)
    letter = EmailMultiAlternatives(
        text.strip(), text, "a@example.com", ["b@example.com"], bcc=["c@example.com"]
    )
    letter.attach_alternative(f"<p>{text}</p>", "text/html")
    letter.connection = connection
    assert letter.send() == 1
    assert told(mailsink, wire) == "Django"


def test_postfix(mailsink: Mailsink, wire: Wire) -> None:
    with postfix(mailsink.smtp) as relay, smtplib.SMTP(*relay) as client:
        client.sendmail(
            "a@example.com", ["b@example.com"], "From: a@example.com\n\nHi\n"
        )
        assert told(mailsink, wire) == "Postfix"
