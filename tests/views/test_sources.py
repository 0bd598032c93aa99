"""The panels of sources, headers and parts."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from django.test import Client

from tests.factories import recorded_message
from tests.mime.test_calendars import INVITE

pytestmark = pytest.mark.django_db
PANEL = {"HX-Request": "true", "HX-Target": "panel"}


def panel(client: Client, octets: bytes, query: str) -> str:
    message = recorded_message(octets)
    answer = client.get(f"/messages/{message.id}?{query}", headers=PANEL)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


MANY = b"Subject: Many\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(50_000))


def test_a_long_source_comes_in_pieces(client: Client) -> None:
    first = panel(client, MANY, "tab=source")
    assert first.count('class="l"') == 10_000
    assert 'data-n="1"><span class="name">Subject' in first
    later = panel(client, MANY, "tab=source&line=40010")
    assert '<span class="l" data-n="40010">line 40007\n' in later
    assert "Earlier" in later
    assert "Later" not in words(later)


@pytest.mark.parametrize(
    "query",
    ["from=-1", "from=x", "from=99999999999", "line=0", "line=9999999", "line=²"],
)
def test_a_piece_that_is_not_there_is_another(client: Client, query: str) -> None:
    assert 'class="l"' in panel(client, MANY, f"tab=source&{query}")


def test_sources_are_escaped(client: Client) -> None:
    mail = b"Subject: <script>x</script>\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><a href='&quot;><img>'>"
    for tab in ("source", "markup", "markup&format=sent", "headers"):
        assert "<script>" not in panel(client, mail, f"tab={tab}")
        assert "<img>" not in panel(client, mail, f"tab={tab}")


def test_header_fields_are_filtered_and_explained(client: Client) -> None:
    mail = (
        b"Received: from a.test (x [1.2.3.4]) by mx.test; Thu, 26 Nov 2026 10:00:05 +0000\r\n"
        b"Received: from b.test by a.test; Thu, 26 Nov 2026 10:00:00 +0000\r\n"
        b"Subject: one\r\nSubject: two\r\nX-Campaign: spring\r\n\r\n"
    )
    told = words(panel(client, mail, "tab=headers"))
    assert "repeated" in told
    assert "a.test from b.test" in told
    assert "mx.test from a.test" in told
    assert "after 5 s" in told
    found = words(panel(client, mail, "tab=headers&filter=CAMP"))
    assert "spring" in found.split("Route")[0]
    assert "one" not in found.split("As sent")[0].split("Route")[0]
    assert "No field contains this text" in panel(
        client, mail, "tab=headers&filter=zzz"
    )


def parts() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "Parts"
    mail.set_content("The text.\n")
    mail.add_attachment(
        INVITE.encode(), maintype="text", subtype="calendar", filename="i.ics"
    )
    mail.add_attachment(
        b"BEGIN:VCARD\r\nFN:Olga <b>\r\nEND:VCARD\r\n", maintype="text", subtype="vcard"
    )
    mail.add_attachment(
        b"%PDF-1.7 /Type /Page /Type /Pages",
        maintype="application",
        subtype="pdf",
        filename="p.pdf",
    )
    mail.add_attachment(
        bytes(range(256)) * 2, maintype="application", subtype="octet-stream"
    )
    within = EmailMessage()
    within["Subject"] = "Within <i>"
    within.set_content("Inner text.\n")
    within.add_alternative("<p>Inner HTML</p>", subtype="html")
    mail.add_attachment(within)
    mail.add_attachment(
        b"<svg onload='x'/>", maintype="image", subtype="svg+xml", filename="d.svg"
    )
    mail.add_attachment(
        b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="p.png"
    )
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "The text."),
        (2, "Release, the big one"),
        (2, "Europe/Berlin"),
        (3, "Olga &lt;b&gt;"),
        (4, "PDF 1.7, 1 page."),
        (5, "00000010 10 11 12 13"),
        (6, "Within &lt;i&gt;"),
        (6, "Inner text."),
        (10, "&lt;svg onload="),
    ],
)
def test_each_kind_of_part_has_its_preview(
    client: Client, number: int, expected: str
) -> None:
    told = words(panel(client, parts(), f"tab=parts&part={number}"))
    assert f"Part 1.{number}" in told or number > 6
    assert expected in told.split("SHA-256 ", 2)[1] + told
    assert re.search("SHA-256 [0-9a-f]{64}", told)


def test_pictures_and_documents_come_from_signed_addresses(client: Client) -> None:
    for number, kind, sandboxed in (
        (11, "image/png", True),
        (4, "application/pdf", False),
    ):
        html = panel(client, parts(), f"tab=parts&part={number}")
        url = re.search(r'src="(/messages/[^"]+)"', html)
        assert url
        answer = client.get(url[1])
        assert answer["Content-Type"] == kind
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert ("sandbox" in answer["Content-Security-Policy"]) is sandboxed
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_html_of_a_message_within_is_framed(client: Client) -> None:
    html = panel(client, parts(), "tab=parts&part=6")
    url = re.search(r'src="(/messages/[^"]+frame[^"]+)"', html)
    assert url
    assert "Inner HTML" in client.get(url[1]).content.decode()


@pytest.mark.parametrize("part", ["99", "-1", "x", "²", "1" * 20])
def test_a_part_that_is_not_there_has_no_preview(client: Client, part: str) -> None:
    assert "preview-title" not in panel(client, parts(), f"tab=parts&part={part}")
    message = recorded_message(parts())
    assert client.get(f"/messages/{message.id}/frame?part={part}").status_code == 404
