"""What an octet-stream really is, and the names that unnamed parts are saved by."""

from __future__ import annotations

import base64

import pytest

from mailsink.mime import types
from mailsink.mime.structure import parse

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def mail(head: bytes, body: bytes, encoding: bytes = b"base64") -> bytes:
    if encoding == b"base64":
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    fields = b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n"
    return fields % (head, encoding) + body


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        (b"application/octet-stream", PNG, "image/png"),
        (b"application/octet-stream; name=report.doc", PNG, "image/png"),
        (b"binary/octet-stream", b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"application/force-download", b"GIF89a\1\0", "image/gif"),
        (b"application/octet-stream", b"RIFF\1\2\3\4WEBPVP8 ", "image/webp"),
        (b"application/octet-stream", b"\0\0\0\x1cftypavif", "image/avif"),
        (b"application/octet-stream", b"BM\1\2\3\4\0\0\0\0\x36", "image/bmp"),
        (b"application/octet-stream", b"%PDF-1.7\n", "application/pdf"),
        (b'application/octet-stream; name="Photo 1.JPEG"', b"?", "image/jpeg"),
        (b"application/octet-stream; name=jpg", b"?", "application/octet-stream"),
        (b"application/octet-stream; name=a.png.exe", b"MZ", "application/octet-stream"),
        (b"application/octet-stream", b"", "application/octet-stream"),
        (b"text/plain; name=a.png", PNG, "text/plain"),
    ],
)  # fmt: skip
def test_sniffed(head: bytes, body: bytes, kind: str) -> None:
    octets = mail(head, body)
    assert types.sniffed(octets, parse(octets).root) == kind


def test_a_signature_is_found_in_any_encoding() -> None:
    octets = mail(b"application/octet-stream", PNG, b"binary")
    assert types.sniffed(octets, parse(octets).root) == "image/png"
    quoted = b"=89PNG=0D=0A=1A=0A=00"
    octets = mail(b"application/octet-stream", quoted, b"quoted-printable")
    assert types.sniffed(octets, parse(octets).root) == "image/png"


@pytest.mark.parametrize(
    ("head", "body", "name"),
    [
        (b"image/jpeg", b"", "part-0.jpg"),
        (b"text/plain", b"", "part-0.txt"),
        (b"text/x-log", b"", "part-0.txt"),
        (b"text/calendar", b"", "part-0.ics"),
        (b"application/octet-stream", b"\1", "part-0.bin"),
        (b"application/octet-stream", PNG, "part-0.png"),
        (b"application/x-nobody-knows", b"", "part-0"),
        (b"image/jpeg; name=cat", b"", "cat"),
    ],
)
def test_file_name(head: bytes, body: bytes, name: str) -> None:
    octets = mail(head, body)
    assert types.file_name(octets, parse(octets).root) == name
