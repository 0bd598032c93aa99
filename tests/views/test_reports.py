"""The page of a bounce, a receipt, a complaint and an automatic reply."""

from __future__ import annotations

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser, LexborNode

from inbox.insight.fingerprints import Fingerprints
from inbox.mailbox import trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import by_ids
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db

ORIGINAL = b"From: shop@shop.test\r\nSubject: Your order\r\nMessage-ID: <1@shop.test>\r\n\r\nHi"
ENCLOSED = b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + ORIGINAL + b"\r\n--b--\r\n"
RECIPIENT = (
    b"Original-Recipient: rfc822;%s@there.test\r\nFinal-Recipient: rfc822;%s@mail.test\r\n"
    b"Action: %s\r\nStatus: %s\r\nRemote-MTA: dns; mx.there.test\r\n"
    b"Diagnostic-Code: smtp; 550 <b>No</b>\r\n\r\n"
)


def bounce(*recipients: bytes) -> bytes:
    return (
        b"From: MAILER-DAEMON@mx.test\r\nSubject: Undelivered\r\n"
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nNo.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.shop.test\r\n\r\n"
        + b"".join(recipients)
        + ENCLOSED
    )


def card(client: Client, octets: bytes, reverse_path: str = "") -> LexborNode:
    """Return the card of a report on the page of a message."""
    made = recorded_message(octets, reverse_path)
    page = LexborHTMLParser(client.get(f"/messages/{made.id}").content.decode())
    found = page.css_first(".cards > .card")
    assert found is not None
    return found


def words(node: LexborNode) -> str:
    """Return what is seen of it."""
    for each in node.css(".visually-hidden"):
        each.decompose()
    return " ".join(node.text(separator=" ").split())


def test_a_bounce(client: Client) -> None:
    failed = RECIPIENT % (b"ann", b"ann", b"failed", b"5.1.1")
    delayed = RECIPIENT % (b"bob", b"bob", b"delayed", b"4.4.1")
    found = card(client, bounce(failed, delayed))
    assert "error" in str(found.attributes["class"])
    said = words(found)
    assert said.startswith("Bounce: ann@there.test Details")
    for each in (
        "ann@there.test Not delivered 5.1.1: about the address: the mailbox does not exist (RFC 3463). "
        "550 <b>No</b> Final recipient ann@mail.test Said by mx.there.test",
        "bob@there.test Delayed: the server will try again 4.4.1: about the network or routing",
        "Message “Your order”, not stored here 1@shop.test Reported by mx.shop.test",
    ):
        assert each in said
    assert "open" in found.css_first("details").attributes  # type: ignore[union-attr]


def test_the_original_is_linked_if_it_is_stored(client: Client) -> None:
    original = recorded_message(ORIGINAL)
    Fingerprints().make_some()  # by which it is found
    octets = bounce(RECIPIENT % (b"ann", b"ann", b"failed", b"5.1.1"))
    link = card(client, octets).css_first("dd a")
    assert link is not None
    assert link.attributes["href"] == f"/messages/{original.pk}"
    assert link.text() == "Your order"
    trash.delete(ALL, by_ids([original.pk]), "")
    found = card(client, octets)
    assert found.css_first("dd a") is None
    assert "not stored here" in words(found)


def test_many_recipients_are_folded_and_cut(client: Client) -> None:
    many = [
        RECIPIENT % (b"u%d" % n, b"u%d" % n, b"failed", b"5.2.2") for n in range(202)
    ]
    said = words(card(client, bounce(*many)))
    assert "Bounce: u0@there.test (+ 201)" in said
    assert "197 more recipients" in said
    assert "2 more recipients are not shown." in said


TEXT = b"From: mailer-daemon@mx.test\r\nSubject: failure notice\r\n\r\n"
QMAIL = b"Hi. This is the qmail-send program at mx.test.\r\n\r\n<ann@there.test>:\r\nNo. (#5.1.1)\r\n"


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (TEXT + QMAIL, "Bounce: ann@there.test Details This bounce is not machine-readable"),
        (TEXT + b"Sorry.", "Bounce Details This looks like a bounce, but it is not machine-readable."),
        (b"Subject: x\r\nContent-Type: message/disposition-notification\r\n\r\n"
         b"Final-Recipient: rfc822;ann@there.test\r\nOriginal-Message-ID: <1@shop.test>\r\n"
         b"Disposition: automatic-action/MDN-sent-automatically; processed\r\n",
         "Read receipt Details Message Not stored here 1@shop.test Recipient ann@there.test "
         "What happened A program processed the message; nobody saw it How done by a program, sent by a program"),
        (b"Subject: x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: fraud\r\n"
         b"User-Agent: Some/1\r\nSource-IP: 192.0.2.1\r\n",
         "Complaint Details Complaint about Fraud, or phishing Reported by Some/1 Sent from 192.0.2.1"),
        (b"Subject: Away\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.", "Automatic reply"),
    ],
)  # fmt: skip
def test_other_reports(client: Client, octets: bytes, said: str) -> None:
    assert words(card(client, octets)).startswith(said)


def test_ordinary_mail_has_no_such_card(client: Client) -> None:
    made = recorded_message()
    assert b"data-kind" not in client.get(f"/messages/{made.id}").content
