"""Signs by which clients are recognised, from the observed output of real libraries.

There are three kinds: a dialogue that only one library has, the header that it writes,
and habits that others may share. Patterns are anchored or of fixed length, for linear
time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailsink.mime import headers


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of a library.

    Its parts are the library (a key of NAMES), the sign in words, and whether no other
    library shows it.
    """

    key: str
    words: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class ClientDialogue:
    """The first lines of a session: as sent, and those with a verb in upper case."""

    lines: tuple[str, ...] = ()
    hellos: tuple[str, ...] = ()
    mail: str = ""
    rcpt: str = ""

    @classmethod
    def of(cls, lines: Sequence[str]) -> ClientDialogue:
        hellos = tuple(each for each in lines if each[:5].upper() in ("EHLO ", "HELO "))
        mail = next((each for each in lines if each[:5].upper() == "MAIL "), "")
        rcpt = next((each for each in lines if each[:5].upper() == "RCPT "), "")
        return cls(tuple(lines), hellos, mail, rcpt)

    @property
    def names(self) -> set[str]:
        """The names that the client gave in EHLO and HELO, in lower case."""
        return {each[5:].strip().lower() for each in self.hellos}

    def has(self, verb: str) -> bool:
        return any(each.upper() == verb for each in self.lines)


@dataclass(frozen=True, slots=True)
class ClientHeader:
    """A message's header. fields: the first value of each lower-case name, in order"""

    fields: dict[str, str]
    spelled: frozenset[str]  # names in their original spelling
    identifier: str = ""
    boundary: str = ""

    @classmethod
    def of(cls, octets: bytes) -> ClientHeader:
        fields: dict[str, str] = {}
        spelled = set()
        for field in headers.scan(octets).fields:
            fields.setdefault(field.name.lower(), field.raw)
            spelled.add(field.name)
        boundary = _BOUNDARY.search(fields.get("content-type", ""))
        return cls(
            fields,
            frozenset(spelled),
            fields.get("message-id", "").strip("<> \t"),
            boundary[1] if boundary else "",
        )

    @property
    def names(self) -> list[str]:
        return list(self.fields)

    def follow(self, *names: str) -> bool:
        """Whether fields of these names follow each other directly."""
        order, size = self.names, len(names)
        return any(
            order[at : at + size] == list(names) for at in range(len(order) - size + 1)
        )


_BOUNDARY = re.compile(r'boundary="?([^";]+)', re.IGNORECASE)

_Patterns = dict[str, re.Pattern[str]]  # by the key of the library


def _patterns(written: dict[str, str]) -> _Patterns:
    return {key: re.compile(pattern) for key, pattern in written.items()}


# The header fields in which programs name themselves.
_MAILERS = _patterns(
    {
        "phpmailer": r"(?i)PHPMailer",
        "nodemailer": r"(?i)nodemailer",
        "swaks": r"swaks ",
        "swiftmailer": r"(?i)Swift ?Mailer",
        "mailkit": r"(?i)MailKit",
        "curl": r"curl/",
        "go-mail": r"go-mail v?[0-9]",
        "git": r"git-send-email ",
        "mutt": r"Mutt/[0-9]",
        "neomutt": r"NeoMutt/[0-9]",
        "vmime": r"VMime [0-9]",
        "perl": r"MIME::Lite |MIME-tools |Email::Sender|Email::Stuffer",
    }
)
_IDENTIFIERS = _patterns(
    {
        "javamail": r"-?[0-9]+\.[0-9]+\.[0-9]{13}@|\S+\.JavaMail\.",
        "rails": r"[0-9a-f]{9,20}_[0-9a-f-]{4,40}@[^\s@]*\.mail$",
        "vertx": r"msg\.[0-9]{13}\.vertxmail\.[0-9]+@",
        "yagmail": r"\S+@yagmail$",
        "swiftmailer": r"[0-9a-f]{32}@swift\.generated$",
        "git": r"[0-9]{14}\.[0-9]+-[0-9]+-\S+@",
        "vmime": r"vmime\.[0-9a-f]+\.[0-9a-f]+\.",
        "mailkit": r"[0-9A-Z]{10,14}\.[0-9A-Z]{10,14}@",
    }
)
_BOUNDARIES = _patterns(
    {
        "nodemailer": r"--_NmP-",
        "phpmailer": r"b[123]=?_[A-Za-z0-9]{32,43}$",
        "javamail": r"----=_Part_[0-9]+_-?[0-9]+\.[0-9]+$",
        "rails": r"--==_mimepart_",
        "swiftmailer": r"_=_swift",
        "dotnet": r"--boundary_[0-9]+_[0-9a-f]{8}-",
        "vertx": r"=--vertxmail_",
        "vmime": r"=_[A-Za-z0-9]{48}$",
    }
)
_RELAYS = _patterns(
    {
        "postfix": r"by (\S{1,255}+) \(Postfix",
        "exim": r"by (\S{1,255}+) with [a-z]{1,40}+ (?:\([^()]{0,200}+\) )?\(Exim [0-9]",
    }
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}@")
_HEX_ID = re.compile(r"[0-9a-f]{32}@")
_PYTHON_ID = re.compile(r"[0-9]{11,13}\.[0-9]+\.[0-9]{1,20}(?:\.\S+)?@")
_MUTT_ID = re.compile(r"[A-Za-z0-9+_-]{16}@")
_LETTRE_BOUNDARY = re.compile(r"[A-Za-z0-9]{40}$")
_ALWAYS_UTF8 = re.compile(r"MAIL FROM:<[\x21-\x7e]*> BODY=8BITMIME SMTPUTF8$")
_ALWAYS_8BIT = re.compile(r"MAIL FROM:<[\x21-\x7e]*> BODY=8BITMIME$")
_NEEDLESS_WORD = re.compile(r"=\?utf-8\?q\?[A-Za-z0-9_]+\?= <")

# Libraries with a unique dialogue: in any other dialogue, they are not the client.
_SPEAK_APART = {"smtplib", "django", "flask-mail", "yagmail", "emailjs", "aiosmtplib"}


def speaks_apart(key: str) -> bool:
    """Whether a library is always recognised by its dialogue."""
    return key in _SPEAK_APART


def of_dialogue(said: ClientDialogue) -> Sign | None:
    """Return the sign that is certain from the lines alone."""
    if said.mail.startswith("mail FROM:<"):
        if said.rcpt.startswith("RCPT"):
            return Sign("emailjs", _("its “mail FROM:” and “RCPT TO:”"))
        sure = bool(said.rcpt) or " size=" in said.mail
        return Sign("smtplib", _("its way to write “mail FROM:”"), sure)
    if said.mail.startswith("MAIL FROM:<") and " size=" in said.mail:
        return Sign("aiosmtplib", _("its way to write “MAIL FROM:” and “size=”"))
    return None


def of_header(said: ClientDialogue, header: ClientHeader) -> Iterator[Sign]:
    """Yield the signs in the header, the surest first."""
    if "received" in header.fields:
        # The client is a relay: the message's author is another program.
        yield from _relay(said, header)
        return
    for name in ("x-mailer", "user-agent"):
        words = _("its %(title)s field") % {"title": name.title()}
        yield from _matches(_MAILERS, header.fields.get(name, ""), words)
    words = _("the shape of its Message-ID")
    yield from _matches(_IDENTIFIERS, header.identifier, words)
    words = _("the shape of its boundary")
    yield from _matches(_BOUNDARIES, header.boundary, words)
    yield from _python(said, header)
    yield from _ordered(header)


def _matches(patterns: _Patterns, text: str, words: str) -> Iterator[Sign]:
    for key, pattern in patterns.items():
        if pattern.match(text):
            yield Sign(key, words)


def _relay(said: ClientDialogue, header: ClientHeader) -> Iterator[Sign]:
    """Recognise a relay by the same name in its Received field and in EHLO."""
    for key, pattern in _RELAYS.items():
        if match := pattern.search(header.fields["received"]):
            yield Sign(key, _("its Received field"), match[1].lower() in said.names)


_DJANGO_ORDERS = (
    ["mime-version", "subject", "from", "to", "date", "message-id"],
    ["mime-version", "subject", "from", "date", "message-id"],
)


def _python(said: ClientDialogue, header: ClientHeader) -> Iterator[Sign]:
    """Distinguish Django from Flask-Mail, which both write the MIME fields first."""
    if not _PYTHON_ID.match(header.identifier):
        return
    names = header.names
    own = (each for each in names if not each.startswith("content-"))
    rest = [each for each in own if each not in ("cc", "reply-to")]
    if not names[0].startswith(("content-", "mime-")) or not any(
        rest[: len(order)] == order for order in _DJANGO_ORDERS
    ):
        return
    words = _("the order of its fields")
    domain = header.identifier.rpartition("@")[2].lower()
    if _NEEDLESS_WORD.match(header.fields["from"]):
        yield Sign("flask-mail", words, False)
    elif domain in said.names:
        # smtplib alone sends no name without a dot; Django sends the name of its
        # Message-IDs.
        yield Sign("django", words, "." not in domain)


def _ordered(header: ClientHeader) -> Iterator[Sign]:
    """Recognise libraries by the order of their fields, mostly with the Message-ID."""
    order = _("the order of its fields")
    both = _("the shape of its Message-ID and the order of its fields")
    names, identifier = header.names, header.identifier
    adjacent = header.follow("mime-version", "date")
    hexadecimal = bool(_HEX_ID.match(identifier))
    unnamed = "message-id" not in header.fields and "Mime-Version" in header.spelled
    found = {
        Sign("nodemailer", both): bool(_UUID.match(identifier))
        and header.follow("date", "mime-version", "content-type"),
        Sign("symfony", both): hexadecimal and adjacent,
        Sign("swiftmailer", both, False): hexadecimal
        and names[:4] == ["message-id", "date", "subject", "from"],
        Sign("lettre", order, False): adjacent and _is_lettre(header),
        Sign("vmime", order, False): unnamed
        and header.follow("to", "date", "mime-version", "content-type"),
        Sign("mutt", both, False): bool(_MUTT_ID.match(identifier))
        and names[:2] == ["date", "from"]
        and header.follow("mime-version", "content-type", "content-disposition"),
    }
    yield from (sign for sign, shown in found.items() if shown)


def _is_lettre(header: ClientHeader) -> bool:
    if header.identifier and not _UUID.match(header.identifier):
        return False
    return not header.boundary or bool(_LETTRE_BOUNDARY.match(header.boundary))


def of_habits(said: ClientDialogue, header: ClientHeader) -> Iterator[Sign]:
    """Yield the signs in the lines if the header identifies no library."""
    if _ALWAYS_UTF8.match(said.mail):
        yield from _go(said)
    elif _ALWAYS_8BIT.match(said.mail) and "localhost" in said.names:
        words = _("its EHLO localhost, and BODY=8BITMIME with every mail")
        yield Sign("go", words, False)
    if "localhost.localdomain" in said.names and "received" not in header.fields:
        words = _("its EHLO localhost.localdomain")
        key = "rails" if "Mime-Version" in header.spelled else "perl"
        yield Sign(key, words, False)


def _go(said: ClientDialogue) -> Iterator[Sign]:
    words = _("its BODY=8BITMIME and SMTPUTF8 with every mail")
    if said.has("NOOP"):
        yield Sign("go-mail", words, False)
    else:
        yield Sign("go", words, "localhost" in said.names)
