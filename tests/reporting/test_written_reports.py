"""Reports as they are written, read again by Python's email package and by our own reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flufl.bounce import all_failures

from mailsink.mime import reports, structure
from mailsink.mime.reading import Reading
from mailsink.mime.reports import Report
from mailsink.reporting import (
    automatic_replies,
    complaint_reports,
    delivery_notices,
)
from mailsink.reporting.report_values import (
    MailReportedOn,
    RecipientStatus,
    ReportWriter,
    WrittenReport,
)
from mailsink.reporting.returned_part import WHOLE

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
WRITER = ReportWriter("mail.here.test", NOW)
BODY = b"From: shop@shop.test\r\nSubject: Your order\r\nMessage-ID: <1@shop.test>\r\n\r\nHi.\r\n"
FAILED = RecipientStatus(
    "ann@there.test", "failed", "5.1.1", "rfc822;Ann+tag@there.test",
    "smtp; 550 5.1.1 User unknown",
)  # fmt: skip
REASON = "It was asked for."


def mail(octets: bytes = BODY, **fields: Any) -> MailReportedOn:
    given = {"reverse_path": "shop@shop.test", "arrived_at": NOW, "size": len(octets)}
    return MailReportedOn(octets, **given | {"message_id": "1@shop.test"} | fields)


def notice(about: MailReportedOn, *recipients: RecipientStatus) -> WrittenReport:
    return delivery_notices.write(WRITER, about, recipients or [FAILED], REASON)


def parsed(report: WrittenReport) -> EmailMessage:
    """Return it as Python's email package has it, which is to find no defect."""
    for line in report.octets.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\r" not in line
        assert b"\n" not in line
    found = message_from_bytes(report.octets, policy=policy.default)
    assert isinstance(found, EmailMessage)
    for part in found.walk():
        assert not part.defects
    return found


def groups(report: WrittenReport) -> list[dict[str, str]]:
    """Return the fields of the report: of the message first, then of each recipient."""
    part = list(parsed(report).iter_parts())[1]
    # message/global-delivery-status is unknown to it.
    text = part.get_content() if "global" in part.get_content_type() else None
    if text is not None:
        octets = text if isinstance(text, bytes) else text.as_bytes()
        lines = octets.decode().replace("\r\n", "\n").strip().split("\n\n")
        return [dict(each.split(": ", 1) for each in one.split("\n")) for one in lines]
    return [dict(each.items()) for each in part.get_payload()]  # type: ignore[union-attr, arg-type]


def own(report: WrittenReport) -> Report:
    reading = Reading(report.octets, structure.parse(report.octets))
    found = reports.read(reading, "")
    assert found is not None
    return found


def test_a_failure_has_the_structure_that_readers_expect() -> None:
    found = parsed(notice(mail()))
    assert found.get_content_type() == "multipart/report"
    assert found.get_param("report-type") == "delivery-status"
    kinds = [each.get_content_type() for each in found.iter_parts()]
    assert kinds == ["text/plain", "message/delivery-status", "message/rfc822"]
    assert found["From"] == "Mail Delivery System <MAILER-DAEMON@mail.here.test>"
    assert found["To"] == "shop@shop.test"
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["In-Reply-To"] == found["References"] == "<1@shop.test>"
    text = next(found.iter_parts()).get_content()  # type: ignore[attr-defined]
    for said in ("could not be delivered", "<ann@there.test>", "User unknown", REASON):
        assert said in text


def test_its_fields() -> None:
    about = mail(
        envelope_id="QQ 314", received_from="app ([192.0.2.1])", held="for;60",
        deliver_by=NOW,
    )  # fmt: skip
    told, recipient = groups(notice(about, replace(FAILED, remote_mta="mx.there.test")))
    at = "Wed, 02 Jan 2030 03:04:05 +0000"
    assert told == {
        "Original-Envelope-Id": "QQ 314", "Reporting-MTA": "dns; mail.here.test",
        "Received-From-MTA": "dns; app ([192.0.2.1])", "Arrival-Date": at,
        "Deliver-By-Date": at, "Future-Release-Request": "for;60",
    }  # fmt: skip
    assert recipient == {
        "Original-Recipient": "rfc822; Ann+tag@there.test",
        "Final-Recipient": "rfc822; ann@there.test", "Action": "failed", "Status": "5.1.1",
        "Remote-MTA": "dns; mx.there.test",
        "Diagnostic-Code": "smtp; 550 5.1.1 User unknown",
    }  # fmt: skip


def test_readers_made_for_bounces_agree() -> None:
    report = notice(
        mail(), FAILED, replace(FAILED, final="bob@there.test", original="")
    )
    temporary, permanent = all_failures(message_from_bytes(report.octets))
    assert permanent == {b"bob@there.test", b"Ann+tag@there.test"}
    assert not temporary
    said = own(report).delivery
    assert [(each.final, each.action, each.status, each.code) for each in said.recipients] == [
        ("ann@there.test", "failed", "5.1.1", 550), ("bob@there.test", "failed", "5.1.1", 550),
    ]  # fmt: skip
    assert said.recipients[0].original == "Ann+tag@there.test"
    assert said.reporting_mta == "mail.here.test"


@pytest.mark.parametrize(
    ("action", "status"),
    [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.1.9")],
)
def test_other_actions_return_the_header(action: Any, status: str) -> None:
    until = NOW if action == "delayed" else None
    one = replace(FAILED, action=action, status=status, will_retry_until=until)
    report = notice(mail(returns="FULL"), one)
    *_, returned = parsed(report).iter_parts()
    assert returned.get_content_type() == "text/rfc822-headers"
    assert b"Hi." not in report.octets
    assert ("Will-Retry-Until" in groups(report)[1]) == (action == "delayed")
    (said,) = own(report).delivery.recipients
    assert (said.action, said.status) == (action, status)


@pytest.mark.parametrize(
    ("octets", "returns", "kind"),
    [
        (BODY, "", "message/rfc822"),
        (BODY, "FULL", "message/rfc822"),
        (BODY, "hdrs", "text/rfc822-headers"),
        (BODY + b"\xff\xfe\r\n", "", "message/rfc822"),
        (BODY + b"x" * WHOLE, "FULL", "text/rfc822-headers"),
        (BODY + b"x" * 999, "FULL", "text/rfc822-headers"),
        (BODY + b"a\nb\0", "FULL", "text/rfc822-headers"),
        (BODY + b"a\rb", "FULL", "text/rfc822-headers"),
        (b"Subject: \xff\r\n\r\nHi.", "FULL", "text/rfc822-headers"),
        (b"Subject: a\rb\0\r\n\r\nHi.", "", "text/rfc822-headers"),
        (b"", "", "message/rfc822"),
    ],
)
def test_returned(octets: bytes, returns: str, kind: str) -> None:
    report = notice(mail(octets, returns=returns))
    *_, returned = parsed(report).iter_parts()
    assert returned.get_content_type() == kind
    if kind == "message/rfc822":
        assert octets in report.octets
    else:
        assert b"Hi." not in report.octets
        head = octets.partition(b"\r\n\r\n")[0]
        assert returned.get_payload(decode=True).strip() == head  # type: ignore[union-attr]


def test_of_a_large_message_the_beginning_is_enough() -> None:
    *_, returned = parsed(notice(mail(BODY, size=10**9, returns="FULL"))).iter_parts()
    assert returned.get_content_type() == "text/rfc822-headers"


def test_addresses_beyond_ascii() -> None:
    about = mail(
        "Subject: Grüße\r\n\r\nHi.".encode(), reverse_path="käufer@shop.test", utf8=True
    )
    one = replace(FAILED, final="用户@例子.test", original="utf-8;用户@例子.test")
    report = notice(about, one)
    assert report.utf8
    kinds = [each.get_content_type() for each in parsed(report).iter_parts()]
    assert kinds[1:] == ["message/global-delivery-status", "message/global"]
    assert groups(report)[1]["Final-Recipient"] == "utf-8; 用户@例子.test"
    assert groups(report)[1]["Original-Recipient"] == "utf-8; 用户@例子.test"
    assert "To: <käufer@shop.test>\r\n".encode() in report.octets
    (said,) = own(report).delivery.recipients
    assert (said.final, said.action, said.status) == (one.final, "failed", "5.1.1")
    kinds = [each.get_content_type() for each in parsed(notice(replace(about, returns="HDRS"), one)).iter_parts()]  # fmt: skip
    assert kinds[2] == "message/global-headers"


def test_a_sender_without_utf8_gets_ascii() -> None:
    report = notice(mail(), replace(FAILED, original="utf-8;用户@例子.test"))
    assert not report.utf8
    assert report.octets.isascii()
    written = groups(report)[1]["Original-Recipient"]
    assert written == r"utf-8; \x{7528}\x{6237}@\x{4F8B}\x{5B50}.test"
    assert own(report).delivery.recipients[0].original == "用户@例子.test"


@pytest.mark.parametrize("evil", ["\r\nX-Evil: 1", "\nX-Evil: 1", "\r", "\0", "\u2028", "\udc80", "x" * 5000, "ü" * 5000])  # fmt: skip
def test_no_text_adds_a_field(evil: str) -> None:
    about = mail(
        envelope_id=f"a{evil}", received_from=f"b{evil}", message_id=f"c{evil}", held=f"d{evil}",
        source_address=f"e{evil}",
    )  # fmt: skip
    one = replace(
        FAILED, original=f"rfc822;a{evil}", diagnostic=f"smtp; b{evil}", remote_mta=f"c{evil}"
    )  # fmt: skip
    reply = automatic_replies.write_reply(WRITER, about, "autoreply@mailsink.test", f"Hi{evil}", REASON)  # fmt: skip
    complaint = complaint_reports.write_complaint(WRITER, about, "ann@there.test", REASON)  # fmt: skip
    for report in (notice(about, one), reply, complaint):
        found = parsed(report)
        assert b"\nX-Evil" not in report.octets
        assert len(report.octets) < 20_000
        assert found["X-Evil"] is None
    assert [set(each) for each in groups(notice(about, one))] == [
        {"Original-Envelope-Id", "Reporting-MTA", "Received-From-MTA", "Arrival-Date", "Future-Release-Request"},
        {"Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code"},
    ]  # fmt: skip


def test_a_complaint() -> None:
    about = mail(source_address="192.0.2.1", envelope_id="QQ")
    report = complaint_reports.write_complaint(WRITER, about, "ann@there.test", REASON)
    found = parsed(report)
    assert found.get_param("report-type") == "feedback-report"
    kinds = [each.get_content_type() for each in found.iter_parts()]
    assert kinds == ["text/plain", "message/feedback-report", "message/rfc822"]
    said = own(report).complaint
    assert said is not None
    assert (said.type, said.source_ip) == ("abuse", "192.0.2.1")
    assert said.original_mail_from.strip("<>") == "shop@shop.test"
    assert [each.strip("<>") for each in said.original_rcpt_to] == ["ann@there.test"]


def test_an_automatic_reply() -> None:
    report = automatic_replies.write_reply(
        WRITER, mail(), "autoreply@mailsink.test", "Grüße ✓ " * 40, REASON
    )
    found = parsed(report)
    assert found["From"] == "autoreply@mailsink.test"
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["In-Reply-To"] == "<1@shop.test>"
    assert found["Subject"].startswith("Auto: Grüße ✓ Grüße")
    assert own(report).kind == "automatic_reply"


@pytest.mark.parametrize(
    ("reverse_path", "fields", "may"),
    [
        ("ann@a.test", [], True),
        ("ann@a.test", [("Auto-Submitted", "No"), ("Precedence", "first-class")], True),
        ("", [], False),
        ("owner-list@a.test", [], False),
        ("list-request@a.test", [], False),
        ("MAILER-DAEMON@a.test", [], False),
        ("ann@a.test", [("auto-submitted", "auto-generated; x=y")], False),
        ("ann@a.test", [("Precedence", "Bulk")], False),
        ("ann@a.test", [("List-Id", "<l.a.test>")], False),
        ("ann@a.test", [("List-Unsubscribe", "<mailto:x@a.test>")], False),
    ],
)
def test_who_gets_an_automatic_reply(reverse_path: str, fields: Any, may: bool) -> None:
    assert automatic_replies.may_answer(reverse_path, fields) == may
