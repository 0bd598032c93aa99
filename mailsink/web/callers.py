"""Recognises a web client's protocol by its first octets. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

_SMTP_VERBS = frozenset(
    b"EHLO HELO LHLO MAIL RCPT DATA AUTH STARTTLS NOOP RSET VRFY EXPN HELP QUIT".split()
)
_LONGEST = max(map(len, _SMTP_VERBS))


def recognise(octets: bytes) -> Literal["http", "smtp", "tls"] | None:
    """Return the caller's protocol; None while the octets do not show it yet."""
    if octets[:1] == b"\x16":  # a TLS record of a handshake (RFC 8446 §5.1)
        return "tls"
    words = octets.split(None, 1)
    if not words or (len(words[0]) == len(octets) <= _LONGEST):
        return None if len(octets) <= _LONGEST else "http"
    return "smtp" if words[0].upper() in _SMTP_VERBS else "http"


def wrong_port(smtp: Sequence[str]) -> bytes:
    """Return the reply to an SMTP client. smtp: the addresses that take mail."""
    if smtp:
        where = f"send mail to {smtp[0]} (set that port in the client)"
    else:
        where = "it takes no mail in this process (see MAILSINK_SMTP)"
    return f"554 5.3.2 This is Mailsink's web page; {where}\r\n".encode()
