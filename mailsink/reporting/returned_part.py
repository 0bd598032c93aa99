"""The part of a report that returns the message, or its header (RFC 6522 §3, RFC 3461 §4.3)."""

from __future__ import annotations

import binascii
import re

from mailsink.reporting.report_values import MailReportedOn

WHOLE = 256 * 1024  # octets; of a larger message only the header is returned
HEADER = 64 * 1024  # octets of a header that are returned

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_LONGEST_LINE = 998  # octets (RFC 5322 §2.1.1)


def returned(mail: MailReportedOn, whole: bool, utf8: bool) -> bytes:
    """Return the part, with its fields.

    whole: return the whole message, if its octets fit into the report unchanged
    utf8: the report may have UTF-8 in its header fields (RFC 6533)
    """
    head = _header(mail.octets)
    is_global = not head.isascii()
    if whole and _fits(mail, utf8 or not is_global):
        kind = "message/global" if is_global else "message/rfc822"
        return _part(kind, _bits(mail.octets), mail.octets)
    if is_global and utf8 and _is_utf8(head) and _is_plain(head):
        return _part("message/global-headers", "8bit", head)
    if not is_global and _is_plain(head):
        return _part("text/rfc822-headers; charset=us-ascii", "7bit", head)
    kind = f"text/rfc822-headers; charset={'utf-8' if _is_utf8(head) else 'iso-8859-1'}"
    return _part(kind, "quoted-printable", _quoted(head))


def _part(kind: str, encoding: str, octets: bytes) -> bytes:
    fields = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return fields.encode() + octets


def _header(octets: bytes) -> bytes:
    """Return a header with the end of its last line, but without the empty line."""
    head, end, _body = octets[:HEADER].partition(b"\r\n\r\n")
    return head + b"\r\n" if end else head


def _fits(mail: MailReportedOn, allowed: bool) -> bool:
    """Whether the whole message fits into a report, which is no BINARYMIME."""
    is_whole = mail.size == len(mail.octets) <= WHOLE
    return allowed and is_whole and _is_plain(mail.octets)


def _is_plain(octets: bytes) -> bool:
    if _BARE.search(octets):
        return False
    return max(map(len, octets.split(b"\r\n"))) <= _LONGEST_LINE


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bits(octets: bytes) -> str:
    return "7bit" if octets.isascii() else "8bit"


def _quoted(octets: bytes) -> bytes:
    """Return octets in quoted-printable (RFC 2045 §6.7); encode bare CR and LF."""
    lines = octets.split(b"\r\n")
    quoted = (binascii.b2a_qp(each, istext=False, header=False) for each in lines)
    return b"\r\n".join(each.replace(b"=\n", b"=\r\n") for each in quoted)
