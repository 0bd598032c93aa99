"""Detects clients that send first, in another protocol than SMTP."""

from __future__ import annotations

import re

from mailsink.smtp.protocol.proxy_header import SIGNATURE

TLS_HANDSHAKE = b"\x16"  # the first octet of TLS (RFC 8446 §5.1)

_REQUEST = re.compile(rb"[A-Z]{3,10} +\S+ +HTTP/\d(?:\.\d)?\s*", re.I)
_LONG_REQUEST = re.compile(rb"[A-Z]{3,10} +(?:/|https?://)", re.I)  # the end is cut off
_PROXY = (b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN")
LONGEST_LOOK = 16 * 1024  # octets that are enough for talks_first()


def is_http_request(line: bytes, cut: bool) -> bool:
    """Whether a line, without its end, is the first of an HTTP request (RFC 9112 §3).

    cut: the line was too long, and these are its first octets
    """
    return bool(_REQUEST.fullmatch(line) or (cut and _LONG_REQUEST.match(line)))


def is_proxy_header(line: bytes, behind: bytes) -> bool:
    """Whether a line and the octets after it begin a PROXY header, version 1 or 2."""
    first_line, _, rest = SIGNATURE.partition(b"\r\n")
    return line.startswith(_PROXY) or (line == first_line and behind.startswith(rest))


def talks_first(octets: bytes) -> bool:
    """Whether the first octets begin TLS, HTTP or a PROXY header.

    In these protocols a client need not wait for a greeting: it is no early talker.
    """
    if octets.startswith(TLS_HANDSHAKE):
        return True
    line, end, rest = octets.partition(b"\n")
    line = line.removesuffix(b"\r")
    return is_http_request(line, not end) or is_proxy_header(line, rest)
