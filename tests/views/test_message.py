"""The pages of messages, and of what was not accepted, as rows have them."""

from __future__ import annotations

import base64
import json
import re
import time

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.mailbox import messages, trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import MessageRead, Session
from inbox.presenters import message_page, tabs
from tests.factories import recorded_message, recorded_transaction
from tests.mails import ORDER

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\nnot much of a picture"
RICH = (
    b"From: Shop <orders@shop.test>\r\nTo: ann@example.com\r\nSubject: Rich\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n"
    b'<p>Hi</p><img src="cid:logo"><img src="cid:drawing">\r\n'
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(PNG) + b"\r\n"
    b"--b\r\nContent-Type: image/svg+xml\r\nContent-ID: <drawing>\r\n\r\n"
    b"<svg onload='alert(1)'/>\r\n--b--\r\n"
)
PANE = {"HX-Request": "true", "HX-Target": "detail"}
PANEL = {"HX-Request": "true", "HX-Target": "panel"}


def title(answer: HttpResponse) -> str:
    return LexborHTMLParser(answer.content).css_first("title").text(strip=True)


def text(client: Client, path: str) -> str:
    """Return a panel's words."""
    page = client.get(path, headers=PANEL).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_page_is_whole_or_a_pane_or_a_panel(client: Client) -> None:
    path = f"/messages/{recorded_message().id}"
    whole, pane, panel = (client.get(path, headers=h) for h in ({}, PANE, PANEL))
    assert b"<!DOCTYPE html>" in whole.content
    assert b"<!DOCTYPE html>" not in pane.content
    assert title(pane).startswith("Your order")
    assert panel.content.split()[:2] == [b"<div", b'class="panel"']
    assert "HX-Target" in whole["Vary"]


def test_opening_marks_as_read(client: Client) -> None:
    message = recorded_message()
    client.get(f"/messages/{message.id}", headers=PANEL)
    assert not MessageRead.objects.exists()
    client.get(f"/messages/{message.id}", headers=PANE)
    assert MessageRead.objects.get().message == message


def test_mark_reads_and_pins(client: Client) -> None:
    message = recorded_message()
    path = f"/messages/{message.id}/mark"
    assert client.post(path, {"read": "yes"}).url == f"/messages/{message.id}"
    assert client.post(path, {"read": "no"}).url == "/"
    assert not MessageRead.objects.exists()
    tools = {"HX-Request": "true", "HX-Target": "message-tools"}
    answer = client.post(path, {"pinned": "yes"}, headers=tools)
    assert b"Unpin" in answer.content
    assert messages.get(ALL, message.id).pinned


def test_the_list_stands_beside_each_tab(client: Client) -> None:
    """What the list is rendered with, and what a panel is, do not get in each other's way."""
    message = recorded_message()
    for tab in tabs.views(message_page.of_message(ALL, message.pk)):
        page = LexborHTMLParser(
            client.get(f"/messages/{message.pk}?tab={tab}").content.decode()
        )
        (row,) = page.css("#entries li.row")
        assert row.attributes["data-id"] == str(message.pk), tab
        assert row.css_first("[data-part=subject]").text() == "Your order"


MARKS = {"HX-Request": "true", "HX-Target": "marks"}


def test_status_tags_and_note_are_set_one_by_one(client: Client) -> None:
    message = recorded_message()
    path = f"/messages/{message.id}/mark"
    answer = client.post(path, {"status": "bug"}, headers=MARKS)
    (pressed,) = LexborHTMLParser(answer.content).css("[aria-pressed=true]")
    assert pressed.attributes["value"] == "bug"
    assert client.post(path, {"add": "release 4"}).url == f"/messages/{message.id}"
    client.post(path, {"add": "Größe"}, headers=MARKS)
    client.post(path, {"remove": "release 4"}, headers=MARKS)
    client.post(path, {"note": " The <b>total</b> is wrong "}, headers=MARKS)
    kept = messages.get(ALL, message.id)
    assert (kept.status, kept.tags) == ("bug", ["Größe"])
    assert kept.note == "The <b>total</b> is wrong"
    page = client.get(f"/messages/{message.id}").content.decode()
    assert '<p class="noted">The &lt;b&gt;total&lt;/b&gt; is wrong</p>' in page
    # What another page takes over when it hears of the change.
    live = client.get(f"/messages/{message.id}/marks").content.decode()
    assert 'id="message-tools"' in live
    assert "Größe" in live
    client.post(path, {"note": ""})
    assert messages.get(ALL, message.id).note == ""
    # An empty note is no note, and nothing else was touched.
    assert messages.get(ALL, message.id).status == "bug"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"status": "odd"}, "there is no status"),
        ({"note": "x" * 2001}, "at most 2000 characters"),
        ({"add": "a\x07b"}, "no control characters"),
    ],
)
def test_what_cannot_be_kept_is_said_and_not_lost(
    client: Client, given: dict[str, str], words: str
) -> None:
    message = recorded_message()
    path = f"/messages/{message.id}/mark"
    answer = client.post(path, given, headers=MARKS)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    if note := given.get("note"):
        assert note in answer.content.decode()
    answer = client.post(path, given)
    assert answer.status_code == 422
    assert "Could not do that" in answer.content.decode()
    assert client.post("/messages/none/mark", given).status_code == 404


def test_delete_goes_to_the_trash_and_says_so(client: Client) -> None:
    message = recorded_message()
    answer = client.post(f"/messages/{message.id}/delete", headers=PANE)
    assert json.loads(answer["HX-Trigger-After-Swap"]) == {
        "message-deleted": {"id": str(message.id)}
    }
    assert client.get(f"/messages/{message.id}").status_code == 404
    assert client.post(f"/messages/{message.id}/restore").status_code == 302
    assert client.get(f"/messages/{message.id}").status_code == 200


@pytest.mark.parametrize("action", ["mark", "delete", "restore", "frame"])
def test_unknown_messages_are_not_found(client: Client, action: str) -> None:
    for id in ("01a205b9-7233-73a2-a8f3-a1730d553c1c", "nonsense", "%00"):
        ask = client.get if action == "frame" else client.post
        assert ask(f"/messages/{id}/{action}").status_code == 404
        assert client.get(f"/messages/{id}").status_code == 404
        assert client.get(f"/transactions/{id}").status_code == 404


def test_only_posts_change_anything(client: Client) -> None:
    message = recorded_message()
    for action in ("mark", "delete", "restore"):
        assert client.get(f"/messages/{message.id}/{action}").status_code == 405


def test_envelope_and_header_are_compared_in_words(client: Client) -> None:
    recipients = (
        ("Ann@example.com", 250), ("hidden@example.com", 250), ("no@example.com", 550),
    )  # fmt: skip
    mail = ORDER.replace(b"To: ann", b"Cc: other@example.com\r\nTo: ann")
    message = recorded_message(mail, "bounce@shop.test", recipients)
    page = client.get(f"/messages/{message.id}").content.decode()
    facts = [
        (each.css_first(".dim").text(), each.css_first("bdi").text())
        for each in LexborHTMLParser(page).css(".fact:not(.defects)")
    ]
    assert facts == [
        ("Rejected (550)", "no@example.com"),
        ("Bcc", "hidden@example.com"),
        ("Only in the header", "other@example.com"),
        ("Return-Path", "bounce@shop.test"),
    ]


def test_agreeing_envelope_needs_no_words(client: Client) -> None:
    page = client.get(f"/messages/{recorded_message().id}").content
    assert b'class="fact ' not in page


def test_tabs_show_text_source_headers_parts_and_transcript(client: Client) -> None:
    path = f"/messages/{recorded_message(RICH).id}"
    assert "There is no text part: this is the text of the HTML. Hi" in text(
        client, f"{path}?tab=text"
    )
    assert "boundary=b" in text(client, f"{path}?tab=source")
    assert "From , the author Shop &lt;orders@shop.test&gt;" in text(
        client, f"{path}?tab=headers"
    )
    assert "1.2 : view image/png" in text(client, f"{path}?tab=parts")
    assert "MAIL FROM:&lt;orders@shop.test&gt;" in text(
        client, f"{path}?tab=transcript"
    )
    # What is no tab is the one that was chosen last, or the first.
    assert "MAIL FROM" in client.get(f"{path}?tab=nonsense").content.decode()
    assert "/frame" in Client().get(f"{path}?tab=nonsense").content.decode()


def test_defects_are_listed(client: Client) -> None:
    broken = RICH.replace(b"--b--\r\n", b"")
    page = client.get(f"/messages/{recorded_message(broken).id}").content.decode()
    assert "2 defects" in " ".join(page.split())
    assert "The closing boundary is missing" in page


def test_source_hides_nothing(client: Client) -> None:
    mail = ORDER + b"nul \x00 bell \x07 bare \r cr, latin \xe9, <b>tag</b>\r\n"
    shown = text(client, f"/messages/{recorded_message(mail).id}?tab=source")
    assert r"nul ␀ bell ␇ bare ␍ cr, latin \xe9, &lt;b&gt;tag&lt;/b&gt;" in shown


def test_20_megabytes_open_quickly_and_cut(client: Client) -> None:
    path = f"/messages/{recorded_message(ORDER + b'x' * 70 * 1024 + b'line of text' * 1_700_000).id}"
    for tab in ("text", "source", "headers", "parts"):
        began = time.process_time()
        page = client.get(f"{path}?tab={tab}", headers=PANE)
        assert time.process_time() - began < 3
        assert len(page.content) < 400_000
    later = text(client, f"{path}?tab=source&from=20400000")
    assert "Bytes 20,400,000 to 20,471,767 of 20,471,767" in later


@pytest.mark.parametrize(
    ("transactions", "what"),
    [
        (1, "DATA refused: message too large (552)"),
        (2, "Message rejected: message too large (552)"),
    ],
)
def test_refused_message_opens_with_its_bytes(
    client: Client, transactions: int, what: str
) -> None:
    attempt = recorded_transaction()
    Session.objects.update(transactions=transactions, refused=1)
    page = client.get(f"/transactions/{attempt.id}").content.decode()
    banner = LexborHTMLParser(page).css_first(".diagnosis")
    assert banner
    assert banner.css_first("h2").text() == what
    why, fix = (each.text(strip=True) for each in banner.css("dd"))
    assert why.startswith("The message is larger than MAILSINK_MAX_MESSAGE_SIZE")
    assert fix
    assert "Thank you!" in text(client, f"/transactions/{attempt.id}?tab=source")
    assert f"/api/v3/transactions/{attempt.id}/raw" in page
    assert '<button class="plain" data-delete' not in page


@pytest.mark.parametrize(
    ("octets", "outcome", "words"),
    [
        (
            ORDER * 200,
            "abandoned",
            f"Not accepted: cut off after {len(ORDER) * 200:,} bytes",
        ),
        (None, "abandoned", "Not accepted: the client left before it sent the message"),
        (None, "reset", "Not accepted: the client cancelled the transaction (RSET)"),
    ],
)
def test_unfinished_transactions_say_how_they_ended(
    client: Client, octets: bytes | None, outcome: str, words: str
) -> None:
    attempt = recorded_transaction(octets, outcome, None, "", complete=False)
    page = client.get(f"/transactions/{attempt.id}").content.decode()
    assert words in page
    assert "MAIL FROM" in text(client, f"/transactions/{attempt.id}?tab=transcript")


def test_ids_of_transactions_lead_to_their_page(client: Client) -> None:
    refused, message = recorded_transaction(), recorded_message()
    there = client.get(f"/messages/{refused.id}")
    assert there.url == f"/transactions/{refused.id}"
    there = client.get(f"/transactions/{message.transaction_id}")
    assert there.url == f"/messages/{message.id}"


def test_frame_has_its_own_policy(client: Client) -> None:
    message = recorded_message(RICH)
    frame = client.get(f"/messages/{message.id}/frame")
    policy = frame["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox;")
    assert f"img-src data: http://testserver/messages/{message.id}/parts/;" in policy
    assert "default-src 'none'" in policy
    assert frame["Referrer-Policy"] == "no-referrer"
    assert frame["X-Content-Type-Options"] == "nosniff"


def test_frame_shows_pictures_by_signed_addresses_and_never_svg(
    client: Client,
) -> None:
    message = recorded_message(RICH)
    html = client.get(f"/messages/{message.id}/frame").content.decode()
    (path,) = re.findall(r'src="(/messages/[^"]+)"', html)
    picture = client.get(path)
    assert picture.content == PNG
    assert picture["Content-Type"] == "image/png"
    assert "sandbox" in picture["Content-Security-Policy"]
    assert "cid:drawing" in html


def test_frame_at_an_ipv6_address_carries_its_pictures(client: Client) -> None:
    images = b'<img src="cid:logo">' * 400_000
    message = recorded_message(RICH.replace(b'<img src="cid:drawing">', images))
    frame = client.get(f"/messages/{message.id}/frame", headers={"Host": "[::1]:8025"})
    html = frame.content.decode()
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert f'<img src="{url}">' in html
    assert len(html) < 15_000_000, "named again and again, it fills the memory"
    assert "img-src data: ;" in frame["Content-Security-Policy"]


def test_parts_need_a_signature_of_this_message(client: Client) -> None:
    one, other = recorded_message(RICH), recorded_message(RICH)
    html = client.get(f"/messages/{one.id}/frame").content.decode()
    (path,) = re.findall(r'src="(/messages/[^"]+)"', html)
    assert client.get(path.replace(str(one.id), str(other.id))).status_code == 404
    assert client.get(path[:-1]).status_code == 404
    foreign = signing.dumps(("messages", str(one.id), 1), salt="another")
    assert client.get(f"/messages/{one.id}/parts/{foreign}").status_code == 404
    trash.delete(ALL, Selection((one.id,)))
    assert client.get(path).status_code == 404


def test_refused_html_is_framed_too(client: Client) -> None:
    attempt = recorded_transaction(RICH)
    html = client.get(f"/transactions/{attempt.id}/frame").content.decode()
    (path,) = re.findall(r'src="(/messages/[^"]+)"', html)
    assert client.get(path).content == PNG


def test_message_without_html_has_no_frame(client: Client) -> None:
    message = recorded_message()
    for part in ("", "?part=00000009", f"?part={'9' * 5000}"):
        assert client.get(f"/messages/{message.id}/frame{part}").status_code == 404
    assert b"?tab=html" not in client.get(f"/messages/{message.id}").content


def test_checks_run_only_for_their_tab(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("inbox.checks.examine", examine)
    message = recorded_message(RICH)
    page = client.get(f"/messages/{message.pk}").content.decode()
    assert f'href="/messages/{message.pk}?tab=checks"' in page
    monkeypatch.undo()
    page = client.get(f"/messages/{message.pk}?tab=checks").content.decode()
    assert "image without alt" in page
    assert "HTML and CSS by email client" in page
    page = client.get(f"/messages/{recorded_message().pk}?tab=checks").content.decode()
    assert "The checks of the content found nothing wrong." in page
    assert "HTML and CSS by email client" not in page
    assert 'aria-label="Results by level"' not in page


@pytest.mark.parametrize(
    ("headers", "read"),
    [
        ({"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, True),
        ({"HX-Request": "true"}, True),
        ({}, False),  # an old browser, or an address that it does not trust
        ({"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, False),
        ({"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, False),
        (
            {
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
                "Sec-Purpose": "prefetch;prerender",
            },
            False,
        ),
        ({"HX-Request": "true", "X-Moz": "prefetch"}, False),
    ],
)
def test_only_a_person_reads_a_message(
    client: Client, headers: dict[str, str], read: bool
) -> None:
    message = recorded_message()
    page = client.get(f"/messages/{message.pk}", headers=headers).content.decode()
    assert MessageRead.objects.filter(message=message.pk).exists() == read
    # What the server could not tell, the page's own script says.
    assert ("data-unopened" in page) == (not read)


def test_a_link_to_a_part_is_no_choice_of_its_tab(client: Client) -> None:
    url = f"/messages/{recorded_message().id}"
    client.get(f"{url}?tab=headers")
    client.get(f"{url}?tab=parts&part=0")
    assert client.cookies["mailsink_tab"].value == "headers"
    client.get(f"{url}?tab=parts")
    assert client.cookies["mailsink_tab"].value == "parts"
