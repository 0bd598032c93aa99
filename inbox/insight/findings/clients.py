"""Recognises the library or program of a client from its dialogue and its mail's header.

The dialogue identifies the sending program, even if another program wrote the mail. A
sign that only one library is known to show is certain; one that others might show, too,
is reported with "probably"; else the client is unknown. The signs themselves are in
signs.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.insight.findings import signs
from inbox.insight.findings.signs import ClientDialogue, ClientHeader, Sign

HEAD = 16 * 1024  # octets of a message that are enough for the recognition
LINES = 20  # first lines of a session that are enough for the recognition


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A library or program. sign: the evidence for it, in words; "" if there was none"""

    key: str
    name: str
    sign: str = ""
    certain: bool = True

    @property
    def words(self) -> str:
        """Its name for people."""
        name = _(self.name)
        return name if self.certain else _("probably %(name)s") % {"name": name}


UNKNOWN = KnownClient("", gettext_noop("unknown client"))

NAMES = {
    "nodemailer": "nodemailer",
    "emailjs": "emailjs",
    "django": "Django",
    "flask-mail": "Flask-Mail",
    "yagmail": "yagmail",
    "smtplib": gettext_noop("Python's smtplib"),
    "aiosmtplib": "aiosmtplib",
    "phpmailer": "PHPMailer",
    "symfony": gettext_noop("Symfony Mailer (Laravel)"),
    "swiftmailer": "Swift Mailer",
    "javamail": gettext_noop("JavaMail (Jakarta Mail)"),
    "vertx": gettext_noop("Vert.x mail client"),
    "rails": gettext_noop("Ruby's mail gem (Rails)"),
    "mailkit": gettext_noop(".NET MailKit"),
    "dotnet": gettext_noop(".NET SmtpClient"),
    "go": gettext_noop("Go's net/smtp"),
    "go-mail": "go-mail",
    "lettre": gettext_noop("Rust's lettre"),
    "perl": gettext_noop("Perl's Net::SMTP (Email::Sender)"),
    "vmime": "VMime",
    "git": "git send-email",
    "mutt": "mutt",
    "neomutt": "NeoMutt",
    "swaks": "swaks",
    "curl": "curl",
    "postfix": "Postfix",
    "exim": "Exim",
}

# Libraries that are built on another one, whose dialogue they share.
BUILT_ON = {
    "django": "smtplib",
    "flask-mail": "smtplib",
    "yagmail": "smtplib",
    "git": "perl",
    "neomutt": "mutt",
}


def recognise(lines: Sequence[str], octets: bytes = b"") -> KnownClient:
    """Return the library or program of a client.

    lines: the first lines of a session, as sent; octets: the start of a message
    """
    said, header = ClientDialogue.of(lines), ClientHeader.of(octets[:HEAD])
    spoken = signs.of_dialogue(said)
    for sign in _fitting(spoken, said, header):
        return KnownClient(sign.key, NAMES[sign.key], sign.words, sign.certain)
    return UNKNOWN


def _fitting(
    spoken: Sign | None, said: ClientDialogue, header: ClientHeader
) -> Iterator[Sign]:
    """Yield the signs of a client that fit its dialogue, the surest first."""
    written = signs.of_header(said, header)
    if spoken is None:
        yield from (sign for sign in written if not signs.speaks_apart(sign.key))
        yield from signs.of_habits(said, header)
        return
    yield from (s for s in written if BUILT_ON.get(s.key, s.key) == spoken.key)
    yield spoken
