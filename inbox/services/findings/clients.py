"""Which library a client is made with, told by its habits on the wire and in the header.

Only what no other library is known to do counts; else the client is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailsink.mime import headers

HEAD = 16 * 1024  # octets of a message that are enough to tell


@dataclass(frozen=True, slots=True)
class Client:
    """A library or program. sign: what gave it away, in words; "" if nothing did."""

    key: str
    name: str
    sign: str = ""


UNKNOWN = Client("", gettext_noop("unknown client"))

NAMES = {
    "nodemailer": "nodemailer",
    "django": "Django",
    "smtplib": gettext_noop("Python's smtplib"),
    "phpmailer": "PHPMailer",
    "javamail": gettext_noop("JavaMail (Jakarta Mail)"),
    "rails": gettext_noop("Ruby's mail gem (Rails)"),
    "symfony": gettext_noop("Symfony Mailer (Laravel)"),
    "swiftmailer": gettext_noop("Swift Mailer"),
    "mailkit": gettext_noop(".NET MailKit"),
    "dotnet": gettext_noop(".NET SmtpClient"),
    "go": gettext_noop("Go's net/smtp"),
    "swaks": "swaks",
    "curl": "curl",
    "postfix": "Postfix",
    "exim": "Exim",
}

# The header fields in which programs name themselves.
_MAILERS = (
    ("phpmailer", re.compile(r"PHPMailer", re.IGNORECASE)),
    ("nodemailer", re.compile(r"nodemailer", re.IGNORECASE)),
    ("swaks", re.compile(r"swaks ")),
    ("swiftmailer", re.compile(r"Swift ?Mailer", re.IGNORECASE)),
    ("mailkit", re.compile(r"MailKit", re.IGNORECASE)),
    ("curl", re.compile(r"curl/")),
)
_IDENTIFIERS = (
    ("javamail", re.compile(r"[0-9]+\.[0-9]+\.[0-9]{13}@|.*\.JavaMail\.")),
    ("rails", re.compile(r"[0-9a-f]{10,16}_[0-9a-f]{4,32}@.*\.mail$")),
    ("python", re.compile(r"[0-9]{11,13}\.[0-9]+\.[0-9]{10,20}(?:\.\S+)?@")),
)
_BOUNDARIES = (
    ("nodemailer", re.compile(r"--_NmP-")),
    ("phpmailer", re.compile(r"b[123]=?_[A-Za-z0-9]{32,43}$")),
    ("javamail", re.compile(r"----=_Part_[0-9]+_-?[0-9]+\.[0-9]+$")),
    ("rails", re.compile(r"--==_mimepart_")),
    ("swiftmailer", re.compile(r"_=_swift")),
    ("dotnet", re.compile(r"--boundary_[0-9]+_[0-9a-f]{8}-")),
    ("python", re.compile(r"={15}[0-9]{16,20}==$")),
)
_BOUNDARY = re.compile(r'boundary="?([^";]+)', re.IGNORECASE)
_RELAYS = (
    ("postfix", re.compile(r"\(Postfix[^)]*\)")),
    ("exim", re.compile(r"\(Exim [0-9]")),
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}@")
_HEX_ID = re.compile(r"[0-9a-f]{32}@")
_MAILKIT_ID = re.compile(r"[0-9A-Z]{10,14}\.[0-9A-Z]{10,14}@")
_GO_MAIL = re.compile(r"MAIL FROM:<[^>]*> BODY=8BITMIME(?: SMTPUTF8)?")


def recognise(lines: Sequence[str], octets: bytes = b"") -> Client:
    """Return what a client is made with.

    lines: of the session, as sent, the first EHLO and MAIL among them; octets: of a
    message's start
    """
    fields: dict[str, str] = {}
    for field in headers.scan(octets[:HEAD]).fields:
        fields.setdefault(field.name.lower(), field.raw)
    for key, sign in (*_by_header(fields), *_by_lines(lines)):
        if key == "python":
            key = "django" if _is_django(fields) else "smtplib"
        return Client(key, NAMES[key], sign)
    return UNKNOWN


def _by_header(fields: dict[str, str]) -> Iterable[tuple[str, str]]:
    if received := fields.get("received"):
        # A relay sends it: what wrote the message is not who talks here.
        yield from _matches(_RELAYS, received, _("its Received field"))
        return
    for name in ("x-mailer", "user-agent"):
        yield from _matches(
            _MAILERS,
            fields.get(name, ""),
            _("its %(title)s field") % {"title": name.title()},
        )
    boundary = _BOUNDARY.search(fields.get("content-type", ""))
    if boundary:
        yield from _matches(_BOUNDARIES, boundary[1], _("the shape of its boundary"))
    identifier = fields.get("message-id", "").strip("<> ")
    yield from _matches(_IDENTIFIERS, identifier, _("the shape of its Message-ID"))
    if _UUID.match(identifier) and list(fields)[-1:] == ["content-type"]:
        yield "nodemailer", _("the shape of its Message-ID and the order of its fields")
    if _MAILKIT_ID.match(identifier):
        yield "mailkit", _("the shape of its Message-ID")
    if _HEX_ID.match(identifier) and "mime-version" in fields:
        yield "symfony", _("the shape of its Message-ID")


def _matches(
    table: Iterable[tuple[str, re.Pattern[str]]], text: str, sign: str
) -> Iterable[tuple[str, str]]:
    for key, pattern in table:
        if pattern.search(text) if key in ("postfix", "exim") else pattern.match(text):
            yield key, sign


def _by_lines(lines: Sequence[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        if line.startswith("mail FROM:<"):
            yield "python", _("its way to write “mail FROM:”")
        if _GO_MAIL.fullmatch(line) and "EHLO localhost" in lines:
            yield "go", _("its EHLO localhost, and BODY=8BITMIME with every mail")


def _is_django(fields: dict[str, str]) -> bool:
    """Django writes the MIME fields first, then the rest."""
    return list(fields)[:2] == ["content-type", "mime-version"] and "date" in fields
