"""What is read of a message: its HTML and text, its attachments and its snippet."""

from __future__ import annotations

import pytest

from mailsink.mime import markup
from mailsink.mime.reading import Reading
from mailsink.mime.structure import parse

TEXT = b"Content-Type: text/plain\r\n\r\ntext"
HTML = b"Content-Type: text/html\r\n\r\n<p>html</p>"
FILE = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF"
IMAGE = b"Content-Type: image/png\r\nContent-ID: <i>\r\n\r\nPNG"


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"b") -> bytes:
    head = b"Content-Type: multipart/%s; boundary=%s\r\n\r\n" % (kind, boundary)
    middle = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    return head + middle + b"--%s--\r\n" % boundary


def single(body: bytes, kind: bytes = b"text/plain") -> bytes:
    return b"Content-Type: %s\r\n\r\n" % kind + body


def read(octets: bytes) -> Reading:
    return Reading(octets, parse(octets))


ALTERNATIVE = multipart(b"alternative", TEXT, HTML, boundary=b"a")
RELATED = multipart(b"related", HTML, IMAGE, boundary=b"r")


PNG = b"\x89PNG\r\n\x1a\n"
EMPTY = b"Content-Type: text/html\r\n\r\n"
FOOTER = b"Content-Type: text/plain\r\n\r\nScanned & clean"
LOG = b"Content-Type: text/plain; name=log\r\n\r\nlog"
SHOWS = b"Content-Type: text/html\r\n\r\n<img src=cid:i>"
EVENT = b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"
ENCLOSED = b"Content-Type: message/rfc822\r\n\r\n"
ATTACHED = b"Content-Disposition: attachment\r\n"
AS_HTML = '<div dir="auto" style="white-space:pre-wrap;unicode-bidi:plaintext">{}</div>'


@pytest.mark.parametrize(
    ("octets", "text", "html", "attachments"),
    [
        (TEXT, "text", "", []),
        (HTML, "html", "<p>html</p>", []),
        (b"\r\nbody", "body", "", []),
        (single(b"a,b", b"text/csv"), "a,b", "", []),
        (ATTACHED + single(b"a,b", b"text/csv"), "", "", ["1"]),
        (ATTACHED + TEXT, "", "", ["1"]),
        (b"Content-Type: text/calendar; name=a.ics\r\n\r\nBEGIN", "", "", ["1"]),
        (b"Content-Type: text/plain; name=a.txt\r\n\r\nx", "x", "", []),
        (FILE, "", "", ["1"]),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nlost", "lost", "", []),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n", "", "", []),
        (ENCLOSED + TEXT, "text", "", []),
    ],
)  # fmt: skip
def test_a_single_part(
    octets: bytes, text: str, html: str, attachments: list[str]
) -> None:
    check(octets, text, html, attachments)


def check(octets: bytes, text: str, html: str, attachments: list[str]) -> None:
    found = read(octets)
    assert found.text == text
    assert found.html == html
    assert [part.number for part in found.attachments] == attachments


@pytest.mark.parametrize(
    ("octets", "text", "html", "attachments"),
    [
        (ALTERNATIVE, "text", "<p>html</p>", []),
        (multipart(b"alternative", HTML, TEXT), "text", "<p>html</p>", []),
        (multipart(b"alternative", TEXT, RELATED), "text", "<p>html</p>", ["1.2.2"]),
        (multipart(b"alternative", TEXT, EVENT), "text", "", []),
        (multipart(b"alternative", EVENT), "", "", ["1.1"]),
        (multipart(b"alternative", TEXT, FILE), "text", "", ["1.2"]),
        (multipart(b"alternative", HTML, single(b"best", b"text/html")), "best", "best", []),
        (multipart(b"alternative", TEXT, HTML, b"\r\n"), "text", "<p>html</p>", []),
        (multipart(b"alternative", TEXT, HTML, EMPTY), "text", "<p>html</p>", []),
        (multipart(b"alternative", b"\r\n \r\n", HTML), "html", "<p>html</p>", []),
        (multipart(b"alternative", TEXT, b"Content-Transfer-Encoding: base64\r\n\r\nDQo="),
         "text", "", []),
        (multipart(b"alternative", TEXT, multipart(b"related", boundary=b"r")),
         "text", "", []),
        (multipart(b"alternative", TEXT, multipart(b"mixed", EMPTY, b"\r\n", boundary=b"m")),
         "text", "", []),
        (multipart(b"alternative", TEXT, multipart(b"mixed", HTML, FILE, FOOTER, boundary=b"m")),
         "text", "<p>html</p>\n" + AS_HTML.format("Scanned &amp; clean"), ["1.2.2"]),
        (multipart(b"alternative", multipart(b"mixed", TEXT, FILE, boundary=b"m"), HTML),
         "text", "<p>html</p>", ["1.1.2"]),
        (multipart(b"alternative", RELATED, multipart(b"related", SHOWS, IMAGE, boundary=b"s")),
         "", "<img src=cid:i>", []),
    ],
)  # fmt: skip
def test_alternatives(
    octets: bytes, text: str, html: str, attachments: list[str]
) -> None:
    check(octets, text, html, attachments)


@pytest.mark.parametrize(
    ("octets", "text", "html", "attachments"),
    [
        (multipart(b"related", ALTERNATIVE, IMAGE), "text", "<p>html</p>", ["1.2"]),
        (multipart(b"related", SHOWS, IMAGE), "", "<img src=cid:i>", []),
        (multipart(b"related", SHOWS, ATTACHED + IMAGE), "", "<img src=cid:i>", ["1.2"]),
        (multipart(b"related", HTML, b"Content-ID: <f>\r\n" + FILE), "html", "<p>html</p>", ["1.2"]),
        (multipart(b"related", HTML, LOG), "html", "<p>html</p>", ["1.2"]),
        (multipart(b"related", HTML, b"\r\n"), "html", "<p>html</p>", []),
        (multipart(b"related", EMPTY, TEXT), "text", "", []),
        (multipart(b"related", IMAGE, HTML), "html", "<p>html</p>", ["1.1"]),
        (multipart(b"alternative", TEXT, multipart(b"related", HTML, LOG, boundary=b"r")),
         "text", "<p>html</p>", ["1.2.2"]),
    ],
)  # fmt: skip
def test_related(octets: bytes, text: str, html: str, attachments: list[str]) -> None:
    check(octets, text, html, attachments)


@pytest.mark.parametrize(
    ("octets", "text", "html", "attachments"),
    [
        (multipart(b"mixed", ALTERNATIVE, FILE), "text", "<p>html</p>", ["1.2"]),
        (multipart(b"mixed", TEXT, TEXT), "text\ntext", "", []),
        (multipart(b"mixed", TEXT, LOG), "text", "", ["1.2"]),
        (multipart(b"mixed", ATTACHED + b"\r\nx", TEXT), "text", "", ["1.1"]),
        (multipart(b"mixed", TEXT, ENCLOSED + ALTERNATIVE), "text", "", ["1.2"]),
        (multipart(b"mixed", TEXT, IMAGE), "text", "", ["1.2"]),
        (multipart(b"mixed", TEXT, ATTACHED + IMAGE), "text", "", ["1.2"]),
        (multipart(b"mixed", SHOWS, IMAGE), "", "<img src=cid:i>", []),
        (multipart(b"mixed", HTML, FOOTER), "html\nScanned & clean",
         "<p>html</p>\n" + AS_HTML.format("Scanned &amp; clean"), []),
        (multipart(b"mixed", FOOTER, HTML), "Scanned & clean\nhtml",
         AS_HTML.format("Scanned &amp; clean") + "\n<p>html</p>", []),
        (multipart(b"mixed", HTML, IMAGE, HTML), "html\nhtml", "<p>html</p>\n<p>html</p>", ["1.2"]),
        (multipart(b"mixed", ALTERNATIVE, FOOTER), "text\nScanned & clean",
         "<p>html</p>\n" + AS_HTML.format("Scanned &amp; clean"), []),
        (multipart(b"mixed", TEXT, ATTACHED + multipart(b"mixed", TEXT, FILE, boundary=b"m")),
         "text", "", ["1.2.1", "1.2.2"]),
    ],
)  # fmt: skip
def test_mixed(octets: bytes, text: str, html: str, attachments: list[str]) -> None:
    check(octets, text, html, attachments)


def test_text_before_a_page_keeps_its_document_type_first() -> None:
    page = single(b"\r\n<!DOCTYPE html><p>html", b"text/html")
    html = read(multipart(b"mixed", FOOTER, page)).html
    footer = AS_HTML.format("Scanned &amp; clean")
    assert html == f"<!DOCTYPE html>{footer}\n\n<!DOCTYPE html><p>html"


def test_codes_and_words_of_all_that_is_shown() -> None:
    found = read(multipart(b"mixed", HTML, FOOTER))
    assert found.text_up_to(8) == "html\nSca"
    assert found.text_beside_html == "Scanned & clean"
    assert found.markup == "<p>html</p>"


def test_related_names_its_root() -> None:
    octets = (
        b'Content-Type: multipart/related; boundary=b; start="<s>"\r\n\r\n'
        b"--b\r\nContent-Type: text/html\r\n\r\nfirst\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-ID: <s>\r\n\r\nroot\r\n--b--"
    )
    assert read(octets).html == "root"


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
        (multipart(b"mixed", HTML, FOOTER), "html Scanned & clean"),
        (single(b"<p>Hi" + b"&zwnj;&nbsp;" * 200 + b"<p>you", b"text/html"), "Hi you"),
        (
            single(
                "<p>Hi\u200e\u200f \u034f\u00ad&#8199;&#xfeff;<p>you".encode(),
                b"text/html",
            ),
            "Hi you",
        ),
        (single(b"<p>&lrm;&nbsp;&shy;&#847;Hi", b"text/html"), "Hi"),
        (
            "\r\n\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u2800\u3164".encode(),
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        (b"\r\n", ""),
        (FILE, ""),
        (
            single(
                b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Lunch\\, outside\r\n"
                b"END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Tea\r\nEND:VEVENT\r\n",
                b"text/calendar",
            ),
            "Lunch, outside; Tea",
        ),
    ],
)
def test_snippet(octets: bytes, snippet: str) -> None:
    assert read(octets).snippet == snippet


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
def test_text_of_html(html: str, text: str) -> None:
    assert markup.to_text(html) == text
