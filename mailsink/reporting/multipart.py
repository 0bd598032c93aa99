"""The frame of a report: its header, its text for people, and its parts (RFC 6522)."""

from __future__ import annotations

import quopri
import secrets
from collections.abc import Sequence
from email.utils import make_msgid

from mailsink.reporting import written_fields
from mailsink.reporting.report_values import ReportWriter
from mailsink.reporting.written_fields import Pairs


def head(writer: ReportWriter, pairs: Pairs, utf8: bool) -> bytes:
    """Return the header of a report. pairs: its fields besides those of all reports."""
    common = [
        ("Date", written_fields.stamp(writer.now)),
        ("Message-ID", make_msgid(domain=writer.hostname)),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
    ]
    return written_fields.group([*pairs, *common], utf8)


def text_part(text: str) -> bytes:
    """Return the text for people as a part, with its fields."""
    fields = b"Content-Type: text/plain; charset=utf-8\r\n"
    octets = text.replace("\n", "\r\n").encode()
    if octets.isascii():
        return fields + b"Content-Transfer-Encoding: 7bit\r\n\r\n" + octets
    quoted = quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")
    return fields + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted


def of_parts(header: bytes, report_type: str, parts: Sequence[bytes]) -> bytes:
    """Return a multipart/report. parts: each with its fields."""
    boundary = f"report-{secrets.token_hex(16)}"
    bits = "7bit" if all(each.isascii() for each in parts) else "8bit"
    fields = (
        f"Content-Type: multipart/report; report-type={report_type};\r\n"
        f' boundary="{boundary}"\r\nContent-Transfer-Encoding: {bits}\r\n\r\n'
    )
    before = f"--{boundary}\r\n".encode()
    body = b"".join(before + each + b"\r\n" for each in parts)
    return header + fields.encode() + body + f"--{boundary}--\r\n".encode()
