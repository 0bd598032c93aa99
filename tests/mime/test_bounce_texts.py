"""Bounces that are no RFC 3464: what is read from their text.

The files are from the tests of flufl.bounce 6.0.0 (Apache-2.0, see bounces/LICENSE), unchanged. The shapes
below them are of other systems, shortened.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsink.mime import reports, structure
from mailsink.mime.reading import Reading
from mailsink.mime.reports import Report

BOUNCES = Path(__file__).parent / "bounces"
SAID = tuple[str, str, str, int | None]  # address, action, status, code


def read(octets: bytes, reverse_path: str | None = "") -> Report | None:
    return reports.read(Reading(octets, structure.parse(octets)), reverse_path)


def said(report: Report | None) -> list[SAID]:
    assert report is not None
    recipients = report.delivery.recipients
    return [(each.address, each.action, each.status, each.code) for each in recipients]


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("dsn_12", "fields", [("userx@example.jp", "failed", "5.1.1", None)]),
        ("dsn_16", "fields", [("userx@example.com", "failed", "5.0.0", 550)]),
        ("dsn_18", "fields", [("email@replaced.net", "failed", "5.0.0", None)]),
        ("netscape_01", "fields", [("aaaaa@corel.com", "failed", "", None),
                                   ("bbbbb@corel.com", "failed", "", None)]),
        ("exim_01", "text", [("userx@its.example.nl", "failed", "5.1.1", 553)]),
        ("qmail_03", "text", [("userx@example.jp", "failed", "5.1.1", None)]),
        ("microsoft_01", "text", [("userx@example.COM", "failed", "", None)]),
        ("microsoft_04", "text", [("userx@example.COM", "failed", "", None)]),
        ("yahoo_10", "text", [("userx@example.com", "failed", "", None),
                              ("usery@example.com", "failed", "", None),
                              ("userz@example.com", "failed", "", None)]),
        ("smtp32_04", "text", [("after_another@example.net", "failed", "5.3.0", 553),
                               ("one_bad_address@example.net", "failed", "5.3.0", 553)]),
        ("simple_11", "text", [("userx@example.com", "failed", "", None)]),
        ("simple_17", "text", [("userx@example.com", "failed", "", None)]),
        ("simple_28", "text", [("userx@example.com", "delayed", "", None)]),
        ("simple_30", "text", [("userx@example.com", "failed", "5.3.0", 553)]),
        ("simple_40", "text", [("user@example.com", "delayed", "", None)]),
        ("aol_01", "text", [("screenname@aol.com", "failed", "", None)]),
    ],
)  # fmt: skip
def test_real_bounces(name: str, source: str, expected: list[SAID]) -> None:
    octets = (BOUNCES / f"{name}.txt").read_bytes()
    report = read(octets, None)
    assert report is not None
    assert (report.kind, report.source) == ("delivery", source)
    assert said(report) == expected


def plain(text: str, sender: str = "mailer-daemon@mx.test", subject: str = "Returned mail") -> bytes:  # fmt: skip
    return f"From: {sender}\nTo: shop@shop.test\nSubject: {subject}\n\n{text}".encode()


def mixed(*parts: str, kind: str = "mixed") -> bytes:
    head = (
        "From: mailer-daemon@mx.test\nTo: shop@shop.test\nSubject: Delivery failure\n"
    )
    middle = "".join(f"--b\n{part}\n" for part in parts)
    return (
        f"{head}Content-Type: multipart/{kind}; boundary=b\n\n{middle}--b--\n".encode()
    )


ORIGINAL = "Content-Type: message/rfc822\n\nFrom: shop@shop.test\nTo: Kim <kim@there.test>\nSubject: Hi\n\nHi"
FATAL = """
  ----- The following addresses had permanent fatal errors -----

>>> kim@there.test <kim@there.test>

  ----- Transcript of session follows -----
550 sorry, no mailbox here by that name (#5.1.1 - chkusr)
"""
OPENSMTPD = """    Hi!

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

kim@there.test: 550 5.1.1 No such user - gsmtp

    Below is a copy of the original message:

Subject: test
"""
DOMINO = "Your message\n\n  Subject: Hi\n\nwas not delivered to:\n\n  kim@there.test\n\nbecause:\n\n  User kim not listed in Domino Directory\n"
MARSHAL = """Your message:
   From:    shop@shop.test
   Subject: Hi

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
     kim@there.test
"""
FULL = """送信先のメールボックスが一杯のため、送信できませんでした。

Your mail sent on: Thu, 29 Apr 2013 23:45:22 +0900
     Could not be delivered to: <kim@there.test>
     As their mailbox is full.
"""
SENDMAIL_5 = """   ----- Transcript of session follows -----
421 there.test (smtp)... Deferred: Connection timed out

   ----- Unsent message follows -----
Received: by mx.test; Thu, 29 Apr 1995 23:34:45 +0900
From: shop@shop.test
To: kim@there.test
Message-Id: <1@shop.test>
Subject: Hi

Hi
"""
FILTERED = """この メールは送信できませんでした。

kim@there.test

-------server message
550 unknown user <kim@there.test>

-------SMTP command
DATA

-------original message
Received: from 192.0.2.54 by m-FILTER with ESMTP
"""
X6 = """We had trouble delivering your message. Full details follow:

Subject: 'Hi'
1 error(s):

The following recipients returned permanent errors: kim@there.test.
Reason: SMTP Server <192.0.2.223> refused to accept your message (DATA), with the following error message: [554 5.4.6 Hop count exceeded]
"""
HELP = """support@there.test answers your questions.

The mailbox that belongs to kim@there.test is closed.
"""
JAMES = """Error: Invalid user address

Error message below:
550 - Requested action not taken: no such user here

Message details:
  Subject: Hi
  MAIL FROM: shop@shop.test
  RCPT TO: kim@there.test
  Size (in bytes): 39
"""
MMS = """Message could not be delivered to mobile.
Error: No valid recipients for this MM

Original Message:
From: shop@shop.test
To: kim@there.test
Subject: Hi
"""
HYPHEN = """A message that you sent could not be delivered to one or more recipients.

"kim@there.test":
SMTP error from remote server after RCPT command, SIZE=512:
host: mx.there-too.test
550 No such user

--- The header of the original message is following. ---

Received: from shop.test
"""
DELAY = "This is a warning. Your message to kim@there.test has not yet been delivered.\n\n450 4.2.1 Mailbox busy\n"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (mixed(FATAL, ORIGINAL, kind="report; report-type=delivery-status"), ("failed", "5.1.1", 550)),
        (plain(OPENSMTPD), ("failed", "5.1.1", 550)),
        (plain(DOMINO, "postmaster@there.test", "DELIVERY FAILURE: not listed"), ("failed", "", None)),
        (plain(MARSHAL, "postmaster@mx.test", "Undeliverable Mail"), ("failed", "5.1.1", 550)),
        (mixed("\n" + FULL, ORIGINAL), ("failed", "", None)),
        (plain(SENDMAIL_5), ("failed", "", 421)),
        (plain(FILTERED, subject="failure notice"), ("failed", "", 550)),
        (mixed("\n" + X6, kind="mx6d"), ("failed", "5.4.6", 554)),
        (mixed("\nSorry.", ORIGINAL), ("failed", "", None)),
        (plain(DELAY, subject="Mail delivery warning"), ("delayed", "4.2.1", 450)),
        (mixed("\n" + HELP, ORIGINAL), ("failed", "", None)),
        (plain(JAMES, "post_master@there.test", "Re:Hi"), ("failed", "", 550)),
        (plain(MMS, "sysadmin@there.test", "Undeliverable Message"), ("failed", "", None)),
        (plain(HYPHEN, subject="Mail delivery failed"), ("failed", "", 550)),
        (mixed("\n" + FULL, ORIGINAL).replace(b"mailer-daemon", b"no-reply"), ("failed", "", None)),
        (b"X-Failed-Recipients: kim@there.test\nSubject: x\n\nNo.", ("failed", "", None)),
    ],
)  # fmt: skip
def test_shapes(octets: bytes, expected: tuple[str, str, int | None]) -> None:
    assert said(read(octets)) == [("kim@there.test", *expected)]


def test_the_diagnostic_is_what_stands_behind_the_address() -> None:
    report = read(plain(DOMINO, subject="Undeliverable"))
    assert report is not None
    (recipient,) = report.delivery.recipients
    assert recipient.diagnostic == "User kim not listed in Domino Directory"


def test_a_long_diagnostic_has_its_code() -> None:
    text = (
        f"{'It is so. ' * 60}The server said: 550 5.1.1 Unknown. {'And so on. ' * 20}"
    )
    report = read(plain(f"Delivery failed to:\n\nkim@there.test\n\n{text}\n"))
    assert report is not None
    (recipient,) = report.delivery.recipients
    assert (recipient.status, recipient.code) == ("5.1.1", 550)
    assert "said: 550 5.1.1 Unknown." in recipient.diagnostic
    assert len(recipient.diagnostic) <= 500


def test_a_bounce_in_a_bounce() -> None:
    """A gateway encloses the delivery report, and says nothing itself."""
    status = "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; kim@there.test\nAction: failed\nStatus: 5.1.1\n"
    inner = f"Content-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n--c\n{status}\n--c--"
    report = read(mixed("\nThe following addresses had errors", inner))
    assert said(report) == [("kim@there.test", "failed", "5.1.1", None)]


def test_more_recipients_than_are_kept_are_counted() -> None:
    named = ", ".join(f"u{number}@there.test" for number in range(230))
    report = read(f"X-Failed-Recipients: {named}\n\nNo.".encode())
    assert report is not None
    assert (len(report.delivery.recipients), report.delivery.left_out) == (200, 30)
