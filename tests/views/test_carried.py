"""What a page shows of pictures, attachments and directions of a message."""

from __future__ import annotations

import base64
import re

import pytest
from django.test import Client

from inbox.presenters import inline_parts
from tests.factories import recorded_message
from tests.mime import tnefs

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\nnearly a picture"
HEAD = (
    b"From: Shop <orders@shop.test>\r\nTo: ann@example.com\r\nSubject: Hi\r\n"
    b"MIME-Version: 1.0\r\n"
)


def related(html: str, *parts: tuple[str, bytes], head: str = "") -> bytes:
    """Return a multipart/related of HTML and parts, each a header and a body."""
    entities = [("Content-Type: text/html; charset=utf-8\r\n" + head, html.encode())]
    octets = HEAD + b"Content-Type: multipart/related; boundary=r\r\n\r\n"
    for fields, body in entities:
        octets += b"--r\r\n" + fields.encode() + b"\r\n" + body + b"\r\n"
    for fields, body in parts:
        encoded = base64.encodebytes(body).replace(b"\n", b"\r\n")
        octets += b"--r\r\n" + fields.encode()
        octets += b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded
    return octets + b"--r--\r\n"


def framed(client: Client, octets: bytes) -> list[bytes]:
    """Return the bodies of the pictures that the frame of a message loads."""
    page = client.get(f"/messages/{recorded_message(octets).id}/frame").content.decode()
    paths = re.findall(r'src="(/messages/[^"]+)"', page)
    return [client.get(path).content for path in paths]


@pytest.mark.parametrize(
    ("src", "fields", "head"),
    [
        ("cid:my logo.png", "Content-ID: <my logo.png>\r\n", ""),
        ("cid:my%20logo.png", "Content-ID: <my logo.png>\r\n", ""),
        ("cid:my%20logo.png", "Content-ID: <my%20logo.png>\r\n", ""),
        ("CID:caf%C3%A9", "Content-ID: <café>\r\n", ""),
        ("cid:a+b%2Bc@x", "Content-ID: <a+b+c@x>\r\n", ""),
        ("logo.png", "Content-Location: logo.png\r\n", ""),
        ("./img/../logo.png", "Content-Location: logo.png\r\n", ""),
        ("logo.png", "Content-Location: https://shop.test/a/logo.png\r\n",
         "Content-Location: https://shop.test/a/page.html\r\n"),
        ("logo.png", "Content-Location: https://shop.test/a/logo.png\r\n",
         "Content-Base: https://shop.test/a/\r\n"),
        ("https://shop.test/logo.png", "Content-Location: https://shop.test/\r\n logo.png\r\n", ""),
    ],
)  # fmt: skip
def test_pictures_are_found(client: Client, src: str, fields: str, head: str) -> None:
    octets = related(
        f'<img src="{src}">', (f"Content-Type: image/png\r\n{fields}", PNG), head=head
    )
    assert framed(client, octets) == [PNG]


@pytest.mark.parametrize(
    ("begin", "each", "end"),
    [("<img srcset='", "cid:a,", "'>"), ("", "<img src=cid:a>", "")],
    ids=["in one set", "in many elements"],
)
def test_a_picture_named_very_often_is_signed_once(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    begin: str,
    each: str,
    end: str,
) -> None:
    signed: list[int] = []

    def sign(_mail: object, index: int) -> str:
        signed.append(index)
        return "/picture"

    monkeypatch.setattr(inline_parts, "url", sign)
    fields = "Content-Type: image/png\r\nContent-ID: <a>\r\n"
    octets = related(begin + each * 30_000 + end, (fields, PNG))
    page = client.get(f"/messages/{recorded_message(octets).id}/frame").content
    assert len(signed) == 1
    assert page.count(b"/picture") == 10_000
    assert b"Only the first 10,000 pictures of this HTML are shown here." in page


@pytest.mark.parametrize(
    "kind", ["application/octet-stream; name=x.bin", "binary/octet-stream"]
)
def test_pictures_are_known_by_their_signature(client: Client, kind: str) -> None:
    fields = f"Content-Type: {kind}\r\nContent-ID: <i>\r\n"
    assert framed(client, related('<img src="cid:i">', (fields, PNG))) == [PNG]


def test_base_of_the_html_counts(client: Client) -> None:
    html = '<base href="https://shop.test/a/"><img src="i.png">'
    fields = (
        "Content-Type: image/png\r\nContent-Location: https://shop.test/a/i.png\r\n"
    )
    assert framed(client, related(html, (fields, PNG))) == [PNG]


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("image/svg+xml", b"<svg/>", "it is SVG, a document that can contain scripts"),
        ("image/tiff", b"II*\0", "part 1.2 is image/tiff, which browsers do not show"),
        ("image/png", b"", "part 1.2 is empty"),
        ("image/png", b"<html>", "part 1.2 claims to be image/png, but is not a picture"),
        ("application/octet-stream", b"??", "part 1.2 is application/octet-stream, which"),
    ],
)  # fmt: skip
def test_what_is_not_shown_says_why(
    client: Client, kind: str, body: bytes, reason: str
) -> None:
    octets = related(
        '<img src="cid:i">', (f"Content-Type: {kind}\r\nContent-ID: <i>\r\n", body)
    )
    page = client.get(
        f"/messages/{recorded_message(octets).id}?tab=html"
    ).content.decode()
    assert "1 picture of this message is not shown." in page
    assert reason in page


def test_a_name_that_no_part_has_is_told(client: Client) -> None:
    page = client.get(
        f"/messages/{recorded_message(related('<img src=cid:gone>')).id}?tab=html"
    )
    assert "no part of the message has this Content-ID" in page.content.decode()


def test_attachments_stand_below_the_head(client: Client) -> None:
    file = (
        "Content-Type: application/pdf; name=bill.pdf\r\nContent-ID: <p>\r\n",
        b"%PDF-",
    )
    picture = ("Content-Type: image/png; name=cat.png\r\nContent-ID: <c>\r\n", PNG)
    shown = ("Content-Type: image/png; name=logo.png\r\nContent-ID: <l>\r\n", PNG)
    message = recorded_message(related("<img src=cid:l>", file, picture, shown))
    for tab in ("text", "html"):
        page = client.get(f"/messages/{message.id}?tab={tab}").content.decode()
        assert "2 attachments" in page
        assert "bill.pdf" in page
        (path,) = re.findall(r'<img\s+src="(/messages/[^"]+)"', page)
        assert client.get(path).content == PNG


def test_sizes_are_those_of_the_files(client: Client) -> None:
    files = [
        (f"Content-Type: application/pdf; name={n}.pdf\r\n", b"%PDF-" + b"x" * 30_715)
        for n in range(2)
    ]
    url = f"/messages/{recorded_message(related('Hi', *files)).id}"
    page = client.get(url).content.decode()
    assert "2 attachments" in page
    assert re.findall(r"\d+ KB</span></a>", page) == ["30 KB</span></a>"] * 2
    assert "All (zip, 60 KB)" in page
    parts = client.get(f"{url}?tab=parts").content.decode()
    assert parts.count('title="30,720 bytes"') == 2


def test_all_attachments_are_named_after_the_subject(client: Client) -> None:
    file = ("Content-Type: application/pdf; name=a.pdf\r\n", b"%PDF-")
    octets = related("Hi", file).replace(b"Subject: Hi", b"Subject: Order 1/2")
    url = f"/messages/{recorded_message(octets).id}/attachments.zip"
    named = client.get(url)["Content-Disposition"]
    assert named == 'attachment; filename="Order 1-2.zip"'


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("=?utf-8?b?15PXoNeU?=", "\u2068דנה\u2069 &lt;dana@shop.test&gt;"),
        ("=?utf-8?b?4oCubW9j?=", "\u2068moc\u2069 &lt;dana@shop.test&gt;"),
        ("=?utf-8?b?4oGpeA==?=", "\u2068x\u2069 &lt;dana@shop.test&gt;"),
    ],
)
def test_a_name_never_turns_the_address_beside_it(
    client: Client, name: str, shown: str
) -> None:
    octets = f"From: {name} <dana@shop.test>\r\nSubject: x\r\n\r\nx".encode()
    message = recorded_message(octets)
    page = client.get(f"/messages/{message.id}").content.decode()
    assert page.count(shown) >= 2, "in the list and in the message"
    fields = client.get(f"/messages/{message.id}?tab=headers").content.decode()
    assert re.search("<td[^>]*>[^<]*[\u202e\u2069]", fields) is None


def test_what_it_is_stands_above_it(client: Client) -> None:
    stream = tnefs.stream(tnefs.file(b"<plan>.pdf", b"%PDF-"))
    octets = HEAD + b"Content-Type: application/ms-tnef; name=winmail.dat\r\n"
    octets += b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(stream)
    message = recorded_message(octets)
    page = client.get(f"/messages/{message.id}?tab=parts&part=0").content.decode()
    assert "Outlook&#x27;s own format (TNEF); files in it: 1." in page
    assert "&lt;plan&gt;.pdf" in page
    assert f"/api/v3/messages/{message.id}/parts/0/files/0" in page
