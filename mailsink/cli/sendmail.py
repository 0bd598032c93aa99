"""A replacement for /usr/sbin/sendmail: submits a message from standard input.

Its options are those that PHP, cron, Git and others use. Options without an effect here
are accepted, as all of these programs would fail otherwise. Exit codes are those of
sysexits.h. The options are parsed by hand, since no library supports sendmail's `-oi`,
`-odb` and `-bs`.
"""

from __future__ import annotations

import os
import smtplib
import socket
import sys
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import formataddr, getaddresses
from getpass import getuser
from threading import Thread
from typing import BinaryIO

from mailsink.terminal import plain

EX_OK, EX_USAGE, EX_DATAERR, EX_NOUSER = 0, 64, 65, 67
EX_UNAVAILABLE, EX_TEMPFAIL = 69, 75

DEFAULT_SMTP = "127.0.0.1:1025"
_TAKES_A_VALUE = frozenset("fFrNRVXbBCDhoOpLA")
_NOT_ASCII = "an address is not ASCII, and the server does not offer SMTPUTF8"
_SMTP_OPTIONS = ("--smtp-addr", "-S")  # of Mailpit and MailHog


@dataclass(slots=True)
class Submission:
    """The parsed arguments."""

    sender: str = ""
    full_name: str = ""
    recipients: list[str] = field(default_factory=list)
    from_header: bool = False  # -t: recipients are in To, Cc and Bcc
    dot_ends: bool = True  # a line with only a dot ends the message; not with -i
    speaks_smtp: bool = False  # -bs: SMTP on standard input and output
    smtp: str = ""


class BadUsage(Exception):
    """The arguments cannot be understood."""


def sendmail(arguments: list[str]) -> int:
    """Act as sendmail; return the exit code."""
    try:
        asked = understood(arguments)
        host, port = _smtp_address(asked.smtp)
        if asked.speaks_smtp:
            return _relay(host, port)
        content = _read(sys.stdin.buffer, asked.dot_ends)
        recipients, content = _recipients(asked, content)
        if not recipients:
            raise BadUsage("no recipient: name one, or give -t and a To field")
        content = _with_from(asked, content)
        return _submit(host, port, asked.sender or _user(), recipients, content)
    except BadUsage as error:
        return _failed(str(error), EX_USAGE)


def understood(arguments: list[str]) -> Submission:
    """Return the parsed arguments of sendmail. Raises BadUsage."""
    asked, rest = Submission(), list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            asked.recipients += rest
            break
        if word.startswith("--") or word in _SMTP_OPTIONS:
            _long(asked, word, rest)
        elif word.startswith("-") and len(word) > 1:
            _short(asked, word[1], word[2:], rest)
        else:
            asked.recipients.append(word)
    return asked


def _long(asked: Submission, word: str, rest: list[str]) -> None:
    name, equals, value = word.partition("=")
    if name not in _SMTP_OPTIONS:
        raise BadUsage(f"there is no option {name}")
    if not equals and not rest:
        raise BadUsage(f"{name} takes ADDR:PORT")
    asked.smtp = value if equals else rest.pop(0)


def _short(asked: Submission, option: str, value: str, rest: list[str]) -> None:
    if option == "t":
        asked.from_header = True
        asked.dot_ends = asked.dot_ends and "i" not in value  # such as "-ti"
        return
    if option == "i":
        asked.dot_ends = False
        asked.from_header = asked.from_header or "t" in value
        return
    if option not in _TAKES_A_VALUE:
        return  # -v, -m, -n and similar options have no effect here
    if not value:
        if not rest:
            raise BadUsage(f"-{option} takes a value")
        value = rest.pop(0)
    if option in "fr":
        asked.sender = value.strip().removeprefix("<").removesuffix(">")
    elif option == "F":
        asked.full_name = value
    elif option == "o" and value == "i":
        asked.dot_ends = False
    elif option == "b" and value == "s":
        asked.speaks_smtp = True
    elif option == "b" and value not in ("m", "d"):
        raise BadUsage(f"-b{value} is not supported: Mailsink only takes mail")


def _read(stdin: BinaryIO, dot_ends: bool) -> bytes:
    """Return the message from standard input, with the line ends of SMTP."""
    lines = []
    for line in stdin:
        text = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
        if dot_ends and text == b"." and line.endswith(b"\n"):
            break
        lines.append(text + b"\r\n")
    return b"".join(lines)


def _recipients(asked: Submission, content: bytes) -> tuple[list[str], bytes]:
    """Return the recipients, and the message, without its Bcc if that was read."""
    if not asked.from_header:
        return asked.recipients, content
    header = BytesHeaderParser(policy=compat32).parsebytes(content)
    fields = [
        str(value) for name in ("To", "Cc", "Bcc") for value in header.get_all(name, ())
    ]
    found = [address for _name, address in getaddresses(fields) if address]
    return list(dict.fromkeys([*asked.recipients, *found])), _without_bcc(content)


def _without_bcc(content: bytes) -> bytes:
    head, between, body = content.partition(b"\r\n\r\n")
    kept: list[bytes] = []
    skipping = False
    for line in head.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            skipping = line[:4].lower() == b"bcc:"
        if not skipping:
            kept.append(line)
    return b"\r\n".join(kept) + between + body


def _with_from(asked: Submission, content: bytes) -> bytes:
    """Return the message with a From field.

    Without one, make it from -F and the sender.
    """
    header = BytesHeaderParser(policy=compat32).parsebytes(content)
    if "From" in header or not (asked.full_name or asked.sender):
        return content
    if {"\r", "\n"} & set(asked.full_name + asked.sender):
        raise BadUsage("a name or an address contains a line end")
    field_ = formataddr((asked.full_name, asked.sender or _user()))
    before = f"From: {field_}\r\n".encode()
    starts_with_field = b":" in content.partition(b"\r\n")[0]
    return before + (content if starts_with_field else b"\r\n" + content)


def _submit(
    host: str, port: int, sender: str, recipients: list[str], content: bytes
) -> int:
    try:
        with smtplib.SMTP(host, port, timeout=60) as client:
            client.ehlo_or_helo_if_needed()
            options = _options(client, sender, recipients, content)
            refused = client.sendmail(sender, recipients, content, options)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        return _failed(
            f"{error.smtp_code} {error.smtp_error!r}", _exit(error.smtp_code)
        )
    except UnicodeEncodeError:
        return _failed(_NOT_ASCII, EX_DATAERR)
    except ValueError:  # smtplib sends no command with a line end in it
        return _failed("an address contains a line end", EX_DATAERR)
    except (OSError, smtplib.SMTPException) as error:
        return _failed(f"no mail could be sent to {host}:{port}: {error}", EX_TEMPFAIL)
    for address, (code, text) in refused.items():
        _failed(f"{address}: {code} {text.decode('utf-8', 'replace')}", 0)
    codes = [code for code, _text in refused.values()]
    return _exit(max(codes), EX_NOUSER) if codes else EX_OK


def _options(
    client: smtplib.SMTP, sender: str, recipients: list[str], content: bytes
) -> list[str]:
    options = []
    if not content.isascii() and client.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    if not "".join([sender, *recipients]).isascii() and client.has_extn("smtputf8"):
        options.append("SMTPUTF8")
    return options


def _exit(code: int, permanent: int = EX_UNAVAILABLE) -> int:
    return EX_TEMPFAIL if code < 500 else permanent


def _relay(host: str, port: int) -> int:
    """-bs: connect standard input and output to the SMTP server."""
    try:
        server = socket.create_connection((host, port), timeout=60)
    except OSError as error:
        return _failed(f"no SMTP at {host}:{port}: {error}", EX_TEMPFAIL)
    server.settimeout(None)
    with server:
        Thread(target=_pass_on, args=(server,), daemon=True).start()
        while octets := server.recv(65536):
            sys.stdout.buffer.write(octets)
            sys.stdout.buffer.flush()
    return EX_OK


def _pass_on(server: socket.socket) -> None:
    try:
        while octets := os.read(sys.stdin.fileno(), 65536):
            # Local programs end lines with LF.
            server.sendall(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        server.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the server has ended the session


def _smtp_address(text: str) -> tuple[str, int]:
    given = text or DEFAULT_SMTP
    host, _, port = given.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadUsage(f"{given!r} is not ADDR:PORT")
    return host.strip("[]"), int(port)


def _user() -> str:
    try:
        return f"{getuser()}@localhost"
    except (OSError, KeyError):  # a user without a name
        return "sendmail@localhost"


def _failed(text: str, code: int) -> int:
    print(f"sendmail: {plain(text)}", file=sys.stderr)
    return code
