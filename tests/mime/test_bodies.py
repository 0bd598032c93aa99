"""Decoding the body of a part."""

from __future__ import annotations

import base64

import pytest

from mailsink.mime import bodies
from mailsink.mime.structure import parse


def single(
    body: bytes, encoding: bytes = b"7bit", kind: bytes = b"text/plain"
) -> bytes:
    return (
        b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (kind, encoding)
    ) + body


@pytest.mark.parametrize(
    ("encoding", "body", "decoded"),
    [
        (b"base64", b"aGVs\r\nbG8=\r\n", b"hello"),
        (b"base64", b"aGVsbG8", b"hello"),
        (b"base64", b"aG!Vs*bG8=", b"hello"),
        (b"base64", b"YQ==\r\nYg==", b"ab"),
        (b"base64", b"YWJjZ", b"abc"),
        (b"base64", b"====", b""),
        (b"quoted-printable", b"a=3Db=\r\nc=C3=A9 \r\n", b"a=bc\xc3\xa9\r\n"),
        (b"quoted-printable", b"=ZZ=", b"=ZZ"),
        (b"x-uuencode", b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n", b"abc"),
        (b"x-uuencode", b"no uuencode", b"no uuencode"),
        (b"8bit", b"\xff\r\n", b"\xff\r\n"),
        (b"nope", b"aGVs", b"aGVs"),
    ],
)
def test_decode(encoding: bytes, body: bytes, decoded: bytes) -> None:
    octets = single(body, encoding)
    part = parse(octets).root
    assert bodies.decode(octets, part) == decoded
    assert bodies.decoded_size(octets, part) == len(decoded)


def test_a_multipart_is_decoded_for_no_size() -> None:
    octets = single(
        b"--b\r\n\r\naGVs\r\n--b--", b"base64", b"multipart/mixed; boundary=b"
    )
    part = parse(octets).root
    assert bodies.decoded_size(octets, part) == part.size


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (b"utf-8", b"\xc3\xa9", "é"),
        (b"iso-8859-1", b"\x80\xe9", "€é"),
        (b"iso-8859-2", b"\xb3", "ł"),
        (b"koi8-r", b"\xc4", "\u0434"),
        (b"iso-2022-jp", b'\x1b$B$"\x1b(B', "あ"),
        (b"gb2312", b"\xc4\xe3", "你"),
        (b"us-ascii", b"\xc3\xa9", "é"),
        (b"utf-8", b"caf\xe9", "café"),
        (b"utf-8", "zażółć".encode() + b"\xff", "zażółć\ufffd"),
        (b"nope", b"\xc3\xa9", "é"),
        (b"zlib", b"x\x9c", "xœ"),
        (b"unicode_escape", b"\\ud800", "\\ud800"),
        (b"utf-7", b"+2AA-", "\ufffd"),
        (b"utf-16", b"a", "a"),
        (b"utf-8", b"a\0b\x1b\xc2\x85c\r\nd\re\n\t", "a\ufffdb\ufffd\ufffdc\nd\ne\n\t"),
        (b"utf-8", b"\xef\xbb\xbfa", "a"),
    ],
)
def test_text_of(charset: bytes, body: bytes, text: str) -> None:
    octets = single(body, b"8bit", b"text/plain; charset=" + charset)
    assert bodies.text_of(octets, parse(octets).root) == text


def test_html_that_names_utf16_in_ascii_is_utf8() -> None:
    octets = "Content-Type: text/html\r\n\r\n<meta charset=utf-16>ł".encode()
    assert bodies.text_of(octets, parse(octets).root).endswith("ł")


def test_html_may_name_its_charset_itself() -> None:
    octets = b"Content-Type: text/html\r\n\r\n<meta charset='iso-8859-2'>\xb3"
    assert bodies.text_of(octets, parse(octets).root).endswith("ł")


@pytest.mark.parametrize("shift", range(8))
@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("iso-2022-jp", b"\x1b$B0!\x1b(B"),
        ("utf-8", "亜".encode()),
        ("", "亜".encode()),
        ("shift_jis", "亜".encode("cp932")),
        ("gb18030", "𠀀".encode("gb18030")),
    ],
)
@pytest.mark.parametrize("encoding", [b"8bit", b"base64", b"quoted-printable"])
def test_the_beginning_of_a_long_body_is_as_readable_as_the_whole(
    charset: str, encoded: bytes, encoding: bytes, shift: int
) -> None:
    body = encoded * 200
    if encoding == b"base64":
        body = base64.encodebytes(body)
    if encoding == b"quoted-printable":
        body = b"".join(b"=%02X" % each for each in body)
    octets = single(
        body, encoding, b"text/plain; charset=" + (charset or '""').encode()
    )
    root = parse(octets).root
    begun = bodies.beginning_of(octets, root, 500 + shift)
    assert begun
    assert bodies.text_of(octets, root).startswith(begun)
    assert set(begun) == set(bodies.text_of(octets, root))


@pytest.mark.parametrize(
    ("body", "decoded"),
    [
        (b"k=3Dab==cd", b"k=ab==cd"),
        (b"dXNlcg==\r\nnext", b"dXNlcg==\r\nnext"),
        (b"a===3D", b"a==="),
        (b"one=\rtwo\nthree", b"onetwo\nthree"),
        (b"one=\r\r\ntwo", b"onetwo"),
        (b"soft=\r\n break=  \r\n.", b"soft break."),
    ],
)
def test_quoted_printable_keeps_what_encodes_nothing(
    body: bytes, decoded: bytes
) -> None:
    octets = single(body, b"quoted-printable")
    assert bodies.decode(octets, parse(octets).root) == decoded
