"""The mails of the shop: good ones, and those in which somebody made a mistake."""

from __future__ import annotations

import smtplib
from email.message import Message

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail

ANN = ["ann@customer.org"]
RESET = "https://shop.acme.io/reset?token=Zm9v"


def good_welcome() -> None:
    send_mail("Welcome", "Hello Ann, welcome to Acme.\n", None, ANN)


def good_reset() -> None:
    text = f"Choose a new password: {RESET}\n"
    html = f'<p><a href="{RESET}">Choose a new password</a></p>'
    send_mail("Reset your password", text, None, ANN, html_message=html)


def good_accents() -> None:
    send_mail("Grüße aus Köln", "Schöne Grüße, 你好.\n", None, ANN)


def good_invoice() -> None:
    message = EmailMessage("Invoice 4711", "Your invoice is attached.\n", to=ANN)
    message.attach("invoice.pdf", b"%PDF-1.7 \x00\xff", "application/pdf")
    message.send()


def faulty_placeholder() -> None:
    send_mail("Order {{ number }} has left us", "It is on its way.\n", None, ANN)


def faulty_local_link() -> None:
    send_mail("Confirm", "Open http://localhost:8000/confirm/7\n", None, ANN)


class _FromTwice(EmailMessage):
    def message(self) -> Message:
        made = super().message()
        made["From"] = "sales@acme.io"
        return made


def faulty_two_from() -> None:
    _FromTwice("Offer", "Only today.\n", to=ANN).send()


def faulty_bare_lf() -> None:
    lines = ["From: shop@acme.io", "To: ann@customer.org", "Subject: Hi", "", "Hi.", ""]
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as client:
        client.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        client.sendmail("shop@acme.io", ANN, "\n".join(lines).encode())


def faulty_empty_message_id() -> None:
    EmailMessage("Hi", "Hi.\n", to=ANN, headers={"Message-ID": ""}).send()


def faulty_empty_text() -> None:
    """The template of the text rendered to an empty line."""
    message = EmailMultiAlternatives("News", "\n", to=ANN)
    message.attach_alternative("<p>All the news of the week.</p>", "text/html")
    message.send()


class _WrongCharset(EmailMessage):
    def message(self) -> Message:
        made = super().message()
        made.set_param("charset", "us-ascii")
        return made


def faulty_charset() -> None:
    _WrongCharset("Grüße", "Schöne Grüße.\n", to=ANN).send()
