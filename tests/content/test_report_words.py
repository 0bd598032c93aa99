"""Reports in words: what they are, what was done, what their codes mean."""

from __future__ import annotations

import pytest

from inbox.content import report_words
from mailsink.mime import reports, structure
from mailsink.mime.delivery_reports import ReportedRecipient
from mailsink.mime.reading import Reading
from mailsink.mime.receipts import Complaint, Disposition
from mailsink.mime.reports import Report
from tests.translated import marked, unmarked

STATUS = "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.test\nAction: {}\n"


def read(mail: str) -> Report:
    octets = mail.encode()
    report = reports.read(Reading(octets, structure.parse(octets)))
    assert report is not None
    return report


@pytest.mark.parametrize(
    ("mail", "title", "remark"),
    [
        (STATUS.format("failed"), "Delivery failed", ""),
        (STATUS.format("delayed"), "Delivery is delayed", ""),
        (STATUS.format("delivered"), "Delivered", ""),
        (STATUS.format("relayed"), "Passed on", ""),
        (STATUS.format("expanded"), "Passed on to a list", ""),
        (STATUS.format("?"), "Delivery report", ""),
        ("Content-Type: message/disposition-notification\n\nDisposition: x; displayed", "Read receipt", ""),
        ("Content-Type: message/feedback-report\n\nFeedback-Type: abuse", "Complaint", ""),
        ("Auto-Submitted: auto-replied\n\nAway.", "Automatic reply", ""),
        ("X-Failed-Recipients: a@b.test\n\nNo.", "Delivery failed", "read from its text"),
        ("From: mailer-daemon@b.test\nSubject: Returned mail\n\nNo.", "Bounce", "not machine-readable"),
    ],
)  # fmt: skip
def test_titles(mail: str, title: str, remark: str) -> None:
    report = read(mail)
    assert report_words.title(report) == title
    assert remark in report_words.remark(report)
    assert bool(remark) == bool(report_words.remark(report))


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        (ReportedRecipient(status="5.1.1"), "5.1.1: about the address: the mailbox does not exist (RFC 3463)."),
        (ReportedRecipient(status="5.0.0", diagnostic="550 5.2.2 Full", code=550),
         "5.2.2: about the mailbox: the mailbox is full (RFC 3463)."),
        (ReportedRecipient(status="5.0.0", code=550),
         "550: the mailbox is unknown, or a policy refuses it (RFC 5321 §4.2.3)."),
        (ReportedRecipient(status="5.0.0"), "5.0.0: a permanent failure (RFC 3463)."),
        (ReportedRecipient(status="4.0.0"), "4.0.0: a temporary failure (RFC 3463)."),
        (ReportedRecipient(status="2.0.0"), "2.0.0: success (RFC 3463)."),
        (ReportedRecipient(status="5.3.99"), "5.3.99: about the mail system (RFC 3463)."),
        (ReportedRecipient(), ""),
    ],
)  # fmt: skip
def test_a_status(recipient: ReportedRecipient, words: str) -> None:
    assert report_words.status(recipient) == words


def test_all_words_are_marked_for_translation() -> None:
    with marked():
        said = [
            *(report_words.action(ReportedRecipient(action=each)) for each in report_words._ACTIONS),
            *(report_words.disposition(Disposition(type=each)) for each in report_words._DISPOSITIONS),
            *(report_words.complaint(Complaint(type=each)) for each in report_words._COMPLAINTS),
            report_words.modes(Disposition(action_mode="manual-action", sending_mode="mdn-sent-manually")),
        ]  # fmt: skip
        assert all(said)
        assert {unmarked(each).strip(", ") for each in said} == {""}
    assert report_words.action(ReportedRecipient()) == ""
    assert report_words.disposition(Disposition(type="x")) == ""
    assert report_words.complaint(Complaint(type="x")) == ""
