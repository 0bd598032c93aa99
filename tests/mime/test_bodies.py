"""Decoding, what is shown of a message, its attachments and its snippet."""

from __future__ import annotations

import base64

import pytest

from mailsink.mime import bodies
from mailsink.mime.structure import parse

TEXT = b"Content-Type: text/plain\r\n\r\ntext"
HTML = b"Content-Type: text/html\r\n\r\n<p>html</p>"
FILE = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF"
IMAGE = b"Content-Type: image/png\r\nContent-ID: <i>\r\n\r\nPNG"


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"b") -> bytes:
    head = b"Content-Type: multipart/%s; boundary=%s\r\n\r\n" % (kind, boundary)
    middle = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    return head + middle + b"--%s--\r\n" % boundary


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
    assert bodies.decode(octets, parse(octets).root) == decoded


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


def test_html_may_name_its_charset_itself() -> None:
    octets = b"Content-Type: text/html\r\n\r\n<meta charset='iso-8859-2'>\xb3"
    assert bodies.text_of(octets, parse(octets).root).endswith("ł")


ALTERNATIVE = multipart(b"alternative", TEXT, HTML, boundary=b"a")
RELATED = multipart(b"related", HTML, IMAGE, boundary=b"r")


@pytest.mark.parametrize(
    ("octets", "text", "html", "attachments"),
    [
        (TEXT, "text", None, []),
        (HTML, None, "<p>html</p>", []),
        (b"\r\nbody", "body", None, []),
        (single(b"a,b", kind=b"text/csv"), "a,b", None, []),
        (FILE, None, None, ["1"]),
        (ALTERNATIVE, "text", "<p>html</p>", []),
        (multipart(b"alternative", TEXT, RELATED), "text", "<p>html</p>", []),
        (multipart(b"related", ALTERNATIVE, IMAGE), "text", "<p>html</p>", []),
        (multipart(b"mixed", ALTERNATIVE, FILE), "text", "<p>html</p>", ["1.2"]),
        (multipart(b"mixed", TEXT, TEXT), "text\ntext", None, []),
        (multipart(b"mixed", TEXT, b"Content-Type: text/plain; name=log\r\n\r\nlog"),
         "text", None, ["1.2"]),
        (multipart(b"mixed", b"Content-Disposition: attachment\r\n\r\nx", TEXT),
         "text", None, ["1.1"]),
        (multipart(b"mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + ALTERNATIVE),
         "text", None, ["1.2"]),
        (multipart(b"alternative", TEXT, b"Content-Type: text/calendar\r\n\r\nBEGIN"),
         "text", None, []),
        (multipart(b"alternative", HTML, b"Content-Type: text/html\r\n\r\nbest"),
         None, "best", []),
        (multipart(b"mixed", TEXT, IMAGE), "text", None, []),
        (multipart(b"mixed", TEXT, b"Content-Disposition: attachment\r\n" + IMAGE),
         "text", None, ["1.2"]),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nlost", "lost", None, []),
        (b"Content-Type: message/rfc822\r\n\r\n" + TEXT, "text", None, []),
    ],
)  # fmt: skip
def test_what_is_shown(
    octets: bytes, text: str | None, html: str | None, attachments: list[str]
) -> None:
    found = parse(octets)
    assert bodies.text(octets, found) == text
    assert bodies.html(octets, found) == html
    assert [part.number for part in bodies.attachments(found)] == attachments


def test_related_names_its_root() -> None:
    octets = (
        b'Content-Type: multipart/related; boundary=b; start="<s>"\r\n\r\n'
        b"--b\r\nContent-Type: text/html\r\n\r\nfirst\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-ID: <s>\r\n\r\nroot\r\n--b--"
    )
    assert bodies.html(octets, parse(octets)) == "root"


@pytest.mark.parametrize(
    ("octets", "snippet"),
    [
        (b"\r\n  Hello\r\n\r\n  there \xc2\xa0 you", "Hello there you"),
        (b"\r\n" + b"x" * 500, "x" * 200),
        (
            b"Content-Type: text/html\r\n\r\n<style>a{}</style><b>Hi</b>&amp;<p>you",
            "Hi& you",
        ),
        (multipart(b"alternative", b"\r\n \r\n", HTML), "html"),
        (b"\r\n", ""),
        (FILE, ""),
    ],
)
def test_snippet(octets: bytes, snippet: str) -> None:
    assert bodies.snippet(octets, parse(octets)) == snippet


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello <b>wo</b>rld</p><p>you", "Hello world\n\nyou"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\n\nc"),
        ("<title>no</title><style>no</style><script>no</script><!-- no -->yes", "yes"),
        ('<a title="<b>no</b>">yes</a>', "yes"),
        ("1 < 2 &lt; 3 &amp; 4&nbsp;5", "1 < 2 < 3 & 4 5"),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
        ("&#xd800;&#0;", "\ufffd\ufffd"),
        ("<style>open", ""),
        ("<!-- open", ""),
        ("<div>" * 60_000 + "deep", "deep"),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    assert bodies.html_to_text(html) == text


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
        (b"soft=\r\n break=  \r\n.", b"soft break."),
    ],
)
def test_quoted_printable_keeps_what_encodes_nothing(
    body: bytes, decoded: bytes
) -> None:
    octets = single(body, b"quoted-printable")
    assert bodies.decode(octets, parse(octets).root) == decoded
