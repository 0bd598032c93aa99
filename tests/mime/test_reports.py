"""Which messages are reports, where in them the report is, and which message it is about."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime import delivery_reports, report_notices, reports, structure
from mailsink.mime.reading import Reading
from mailsink.mime.reports import Report
from tests.mime.test_fuzz import mails, quickly
from tests.mime.test_receipts import ABUSE, READ

FIELDS = "Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; kim@there.test\nAction: failed\nStatus: 5.1.1\n"
STATUS = f"Content-Type: message/delivery-status\n\n{FIELDS}"
ORIGINAL = (
    "Content-Type: message/rfc822\n\nMessage-ID: <1@shop.test>\nSubject: Hi\n\nHi"
)
BASE64 = base64.encodebytes(FIELDS.encode()).decode()
DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.test>\n"


def multipart(kind: str, *parts: str, head: str = "") -> str:
    middle = "".join(f"--b\n{part}\n" for part in parts)
    return f"{head}Content-Type: multipart/{kind}; boundary=b\n\n{middle}--b--\n"


def read(mail: str | bytes, reverse_path: str | None = None) -> Report | None:
    octets = mail if isinstance(mail, bytes) else mail.encode()
    return reports.read(Reading(octets, structure.parse(octets)), reverse_path)


@pytest.mark.parametrize(
    "mail",
    [
        STATUS,
        multipart("report", "\nNo.", STATUS, ORIGINAL),
        multipart("report", "\nNo.", STATUS.replace("delivery-status", "global-delivery-status")),
        multipart("report", "\nNo.", STATUS.replace("message/delivery-status", "Message/Delivery_Status")),
        multipart("report", "\nNo.", STATUS.replace("message/delivery-status", "text/x-delivery-status")),
        # In a part that does not say what it is
        multipart("report", "\nNo.", f"Content-Type: text/plain; name=details.txt\n\n{FIELDS}"),
        multipart("report", "\nNo.", f"Content-Type: application/octet-stream; name=details.txt\n\n{FIELDS}"),
        multipart("mixed", "\nNo.", f"\n{FIELDS}", head=DAEMON + "Subject: Returned mail\n"),
        # Encoded
        multipart("report", f"Content-Transfer-Encoding: base64\n{STATUS.split(chr(10))[0]}\n\n{BASE64}"),
        multipart("report", "Content-Transfer-Encoding: quoted-printable\n"
                  + STATUS.replace("kim@there", "kim=40th=\nere")),
        multipart("report", STATUS.replace("status\n", "status; charset=utf-16be\n", 1).split("\n\n")[0]
                  + "\nContent-Transfer-Encoding: base64\n\n"
                  + base64.encodebytes(FIELDS.encode("utf-16be")).decode()),
        multipart("report", "\nNo.", STATUS).replace("boundary=b", "bo"),
        # Within what list software made of it
        multipart("mixed", multipart("report", "\nNo.", STATUS).replace("=b", "=c").replace("--b", "--c"), "\nFooter"),
    ],
)  # fmt: skip
def test_where_a_delivery_report_is(mail: str) -> None:
    report = read(mail)
    assert report is not None
    assert (report.kind, report.source, report.action) == (
        "delivery", "fields", "failed",
    )  # fmt: skip
    (recipient,) = report.delivery.recipients
    assert (recipient.address, recipient.status) == ("kim@there.test", "5.1.1")


@pytest.mark.parametrize(
    ("mail", "kind"),
    [
        (f"Content-Type: message/disposition-notification\n\n{READ}", "disposition"),
        (multipart("report; report-type=disposition-notification", "\nRead.", f"\n{READ}"), "disposition"),
        (f"Content-Type: message/feedback-report\n\n{ABUSE}", "feedback"),
        (multipart("report; report-type=feedback-report", "\nAbuse.", f"Content-Type: text/plain\n\n{ABUSE}"),
         "feedback"),
        ("Auto-Submitted: auto-replied\nSubject: Away until Monday\n\nI am away.", "automatic_reply"),
        ("Auto-Submitted: auto-replied (vacation)\n\nI am away.", "automatic_reply"),
        ("X-Autoreply: yes\n\nI am away.", "automatic_reply"),
        ("Precedence: auto_reply\n\nI am away.", "automatic_reply"),
        ("Subject: Automatic reply: Your order\n\nI am away.", "automatic_reply"),
        ("Return-Path: <>\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nI am away; write to kim@there.test.",
         "automatic_reply"),
        ("Return-Path: <>\nAuto-Submitted: auto-replied\nSubject: Away\n\nOffers are rejected. Write to kim@there.test.",
         "automatic_reply"),
    ],
)  # fmt: skip
def test_kinds(mail: str, kind: str) -> None:
    report = read(mail)
    assert report is not None
    assert report.kind == kind


ORDINARY = "Your parcel could not be delivered to <kim@there.test>.\n"


@pytest.mark.parametrize(
    ("mail", "reverse_path"),
    [
        ("Subject: Hello\n\nHi.", ""),
        ("From: shop@shop.test\nSubject: Your parcel: delivery failed\n\n" + ORDINARY, "shop@shop.test"),
        ("From: postmaster@shop.test\nSubject: Figures of May\n\nWrite to kim@there.test.", "postmaster@shop.test"),
        ("From: shop@shop.test\nAuto-Submitted: auto-generated\nSubject: Your order\n\nkim@there.test", "shop@shop.test"),
        ("Auto-Submitted: no\n\nHi", None),
        (multipart("mixed", "\nIt could not be delivered to kim@there.test.", ORIGINAL,
                   head="From: ann@shop.test\nSubject: Fwd: Undeliverable: Hi\n"), "ann@shop.test"),
        # A bounce that a person forwards
        (multipart("mixed", "\nLook.", "Content-Type: message/rfc822\n\n" + multipart(
            "report", "\nNo.", STATUS).replace("=b", "=c").replace("--b", "--c")), "ann@shop.test"),
        # A text about the fields
        (f"From: ann@shop.test\nSubject: How to read it\n\n{FIELDS}", "ann@shop.test"),
        (b"", None),
    ],
)  # fmt: skip
def test_other_mail_is_no_report(mail: str | bytes, reverse_path: str | None) -> None:
    assert read(mail, reverse_path) is None


@pytest.mark.parametrize(
    ("mail", "reverse_path"),
    [
        (DAEMON + "Subject: Undeliverable: Hi\n\nSorry.", None),
        (DAEMON + "Subject: Hi\n\nSorry.", ""),
        ("Return-Path: < >\nSubject: failure notice\n\nSorry.", "list@shop.test"),
        (multipart("report", "\nSorry."), None),
    ],
)
def test_a_bounce_that_cannot_be_read(mail: str, reverse_path: str | None) -> None:
    report = read(mail, reverse_path)
    assert report is not None
    assert (report.kind, report.source) == ("delivery", "none")
    assert not report.delivery.recipients


def test_a_null_reverse_path_makes_a_bounce_of_a_failure() -> None:
    mail = "From: no-reply@there.test\nSubject: Your mail\n\n" + ORDINARY
    assert read(mail, "no-reply@there.test") is None
    report = read(mail, "")
    assert report is not None
    assert [each.address for each in report.delivery.recipients] == ["kim@there.test"]


def original(mail: str) -> tuple[str, str]:
    octets = mail.encode()
    reading = Reading(octets, structure.parse(octets))
    report = reports.read(reading)
    assert report is not None
    found = reports.original(reading, report)
    return found.message_id, found.subject


COPY = "Hi. This is the qmail-send program at mx.test.\n\n<kim@there.test>:\nNo.\n\n--- Below this line is a copy of the message.\n\n"
HEADER = "Return-Path: <a@shop.test>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n of May\nMessage-ID:\n <1@shop.test>\nTo: kim@there.test\n\nMessage-ID: <no@shop.test>\n"


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (multipart("report", "\nNo.", STATUS, ORIGINAL), ("1@shop.test", "Hi")),
        (multipart("report", "\nNo.", STATUS.replace("\n\nFinal", "\nX-Original-Message-ID: <3@shop.test>\n\nFinal")),
         ("3@shop.test", "")),
        (f"{DAEMON}\n{COPY}{HEADER}", ("1@shop.test", "Grüße of May")),
        (f"{DAEMON}\n{COPY}" + HEADER.replace("\n", "\n   ").replace("Return", "   Return", 1),
         ("1@shop.test", "Grüße of May")),
        (f"Content-Type: message/disposition-notification\n\n{READ}", ("199509192301.23456@example.org", "")),
        ("Auto-Submitted: auto-replied\nIn-Reply-To: <4@shop.test>\n\nAway.", ("4@shop.test", "")),
        ("Auto-Submitted: auto-replied\nReferences: <4@shop.test> <5@shop.test>\n\nAway.", ("5@shop.test", "")),
        ("Auto-Submitted: auto-replied\n\nAway.", ("", "")),
        (f"{DAEMON}Subject: Undeliverable\n\nYour message\n\n  To: kim@there.test\n  Subject: Hi\n  Sent: today\n",
         ("", "Hi")),
    ],
)  # fmt: skip
def test_the_original(mail: str, expected: tuple[str, str]) -> None:
    assert original(mail) == expected


PIECES = [
    "Final-Recipient:", "Original-Recipient:", "Action:", "Status:", "Diagnostic-Code:", "Disposition:",
    "Feedback-Type:", "Reporting-MTA:", "Message-ID:", "rfc822;", "utf-8;", "\\x{", "}", "failed", "5.1.1",
    "550", "<a@b.test>", "a@b.test", "\n", "\n\n", "\n ", "\t", ":", ";", "/", ",", "(", "Received:", "--b",
    "--b--", "Hi. This is the qmail-send program", "the following addresses had",
    "This message was created automatically by mail delivery software", "did not reach the following recipient",
    "------ This is a copy of the message", "Content-Type: message/delivery-status", "Content-Type: text/html",
    "<br>", "é", "\x00", "\ufeff", "=?utf-8?b?", "a" * 600,
]  # fmt: skip
HEADS = [
    DAEMON + "Subject: failure notice\n\n", STATUS.split("\n")[0] + "\n\n", multipart("report")[:-8],
    "X-Failed-Recipients: a@b.test\n\n", "Content-Type: message/disposition-notification\n\n",
    "Content-Type: message/feedback-report\n\n", "Auto-Submitted: auto-replied\n", "",
]  # fmt: skip
texts = st.builds(
    lambda head, pieces: (head + "".join(pieces)).encode(errors="surrogateescape"),
    st.sampled_from(HEADS),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60),
)


def check(octets: bytes, reverse_path: str | None) -> None:
    reading = Reading(octets, structure.parse(octets))
    report = reports.read(reading, reverse_path)
    if report is None:
        return
    said = report.delivery
    assert len(said.recipients) <= delivery_reports.MOST
    for each in said.recipients:
        texts: list[Any] = [each.address, each.diagnostic, each.status, each.remote_mta]
        assert all(len(text) <= 2000 for text in texts)
        assert all("\n" not in text for text in texts)
        str(texts).encode()
    reports.original(reading, report)
    kind, words, values = report_notices.notice(report)
    assert kind
    assert words % values


@quickly
@given(texts, st.sampled_from([None, "", "a@b.test"]))
def test_any_text(octets: bytes, reverse_path: str | None) -> None:
    check(octets, reverse_path)


@quickly
@given(mails, st.sampled_from([None, ""]))
def test_any_mail(octets: bytes, reverse_path: str | None) -> None:
    check(octets, reverse_path)
