"""The fields of receipts and complaints: those of the RFCs' examples, and odd ones."""

from __future__ import annotations

import pytest

from mailsink.mime import receipts
from mailsink.mime.receipts import Complaint, Disposition

# RFC 8098 §9
READ = """Reporting-UA: joes-pc.cs.example.com; Foomail 97.1
Original-Recipient: rfc822;Joe_Recipient@example.com
Final-Recipient: rfc822;Joe_Recipient@example.com
Original-Message-ID: <199509192301.23456@example.org>
Disposition: manual-action/MDN-sent-manually; displayed
"""
# RFC 5965 appendix B.2
ABUSE = """Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT
Reporting-MTA: dns; mail.example.com
Source-IP: 192.0.2.1
Authentication-Results: mail.example.com;
               spf=fail smtp.mail=somespammer@example.com
Reported-Domain: example.net
Reported-Uri: http://example.net/earn_money.html
Reported-Uri: mailto:user@example.com
Removal-Recipient: user@example.com
"""


def test_a_receipt() -> None:
    assert receipts.disposition(READ) == Disposition(
        type="displayed",
        action_mode="manual-action",
        sending_mode="mdn-sent-manually",
        original_recipient="Joe_Recipient@example.com",
        final_recipient="Joe_Recipient@example.com",
        reporting_ua="joes-pc.cs.example.com; Foomail 97.1",
        message_id="199509192301.23456@example.org",
    )


@pytest.mark.parametrize(
    ("value", "type", "modifiers"),
    [
        ("automatic-action/MDN-sent-automatically; deleted/error,expired", "deleted", ("error", "expired")),
        ("manual-action/MDN-sent-manually;Displayed", "displayed", ()),
        ("displayed", "displayed", ()),
        ("; ", "", ()),
        ("", "", ()),
    ],
)  # fmt: skip
def test_dispositions(value: str, type: str, modifiers: tuple[str, ...]) -> None:
    found = receipts.disposition(f"Disposition: {value}\n")
    assert (found.type, found.modifiers) == (type, modifiers)


def test_errors_of_a_receipt() -> None:
    text = "Disposition: x/y; failed\nFailure: no such key\nError: a\nError: b\nMDN-Gateway: dns; g.test\n"
    found = receipts.disposition(text)
    assert found.errors == ("a", "b", "no such key")
    assert found.gateway == "g.test"


def test_a_complaint() -> None:
    assert receipts.complaint(ABUSE) == Complaint(
        type="abuse",
        user_agent="SomeGenerator/1.0",
        reporting_mta="mail.example.com",
        original_mail_from="somespammer@example.net",
        original_rcpt_to=("user@example.com",),
        source_ip="192.0.2.1",
        arrival_date="Thu, 8 Mar 2005 14:00:00 EDT",
        authentication_results=(
            "mail.example.com; spf=fail smtp.mail=somespammer@example.com",
        ),
        reported_domain=("example.net",),
        reported_uri=("http://example.net/earn_money.html", "mailto:user@example.com"),
    )


def test_a_failed_check() -> None:
    """RFC 6591."""
    text = (
        "Feedback-Type: auth-failure\nAuth-Failure: dkim\nDelivery-Result: delivered\n"
    )
    found = receipts.complaint(text)
    assert (found.type, found.auth_failure, found.delivery_result) == (
        "auth-failure", "dkim", "delivered",
    )  # fmt: skip


def test_many_values_are_cut() -> None:
    text = "Feedback-Type: abuse\n" + "Reported-Domain: a.test\n" * 500
    assert len(receipts.complaint(text).reported_domain) == 20
