"""`send`: a message to try things with, through the SMTP port."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from pathlib import Path
from typing import Annotated

import typer

from mailsink.cli.api_client import DEFAULT_URL, ApiClient, ApiFailure, AsJson, Url
from mailsink.cli.printing import as_json, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(send)


def send(
    to: Annotated[list[str] | None, typer.Option(help="A recipient.")] = None,
    sender: Annotated[str, typer.Option("--from")] = "sender@example.com",
    subject: Annotated[str, typer.Option()] = "A message of mailsink send",
    text: Annotated[str, typer.Option(help="The text.")] = "It works.",
    html: Annotated[str, typer.Option(help="HTML in addition to the text.")] = "",
    attach: Annotated[list[Path] | None, typer.Option(help="A file.")] = None,
    smtp: Annotated[
        str,
        typer.Option(
            help="ADDR:PORT; by default the SMTP address of the Mailsink at --url."
        ),
    ] = "",
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Send a message to Mailsink."""
    recipients = to or ["recipient@example.com"]
    message = _message(sender, recipients, subject, text, html, attach or [])
    host, port = _address(smtp or _of_server(url))
    try:
        with smtplib.SMTP(host, port, timeout=60) as client:
            client.send_message(message, sender, recipients)
    except smtplib.SMTPRecipientsRefused as refused:
        [(code, reply), *_] = refused.recipients.values()
        raise ApiFailure(f"{code} {_text(reply)}") from None
    except smtplib.SMTPResponseException as refused:
        raise ApiFailure(f"{refused.smtp_code} {_text(refused.smtp_error)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise ApiFailure(f"no mail could be sent to {host}:{port}: {error}") from None
    if json:
        as_json({"recipients": recipients, "smtp": f"{host}:{port}"})
    else:
        say(f"Sent to {', '.join(recipients)} by {host}:{port}")


def _message(
    sender: str,
    recipients: list[str],
    subject: str,
    text: str,
    html: str,
    files: list[Path],
) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"], message["To"] = sender, ", ".join(recipients)
        message["Subject"] = subject
    except ValueError as error:
        raise ApiFailure(f"this is not a header: {error}", 2) from None
    message["Date"], message["Message-ID"] = localtime(), make_msgid(domain="localhost")
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for file in files:
        try:
            octets = file.read_bytes()
        except OSError as error:
            raise ApiFailure(f"{file} cannot be read: {error.strerror}") from None
        message.add_attachment(
            octets, maintype="application", subtype="octet-stream", filename=file.name
        )
    return message


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def _of_server(url: str) -> str:
    addresses = ApiClient(url).get("info")["smtp"]
    if not addresses:
        raise ApiFailure(
            f"the server at {url} has no SMTP port; name one with --smtp", 2
        )
    return str(addresses[0])


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise ApiFailure(f"--smtp is {text!r}, but takes ADDR:PORT", 2)
    return host.strip("[]"), int(port)
