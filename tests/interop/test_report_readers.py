"""Reports of ours in readers of others: Sisimai, which is made for bounces, and postal-mime.

Each kind is read to the recipient, action and status that it has. tools/programs gets both.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailsink.reporting import automatic_replies, complaint_reports
from mailsink.reporting.report_values import ReportedAction
from tests.interop.clients import run
from tests.programs import program
from tests.reporting.test_written_reports import FAILED, REASON, WRITER, mail, notice

_SCRIPT = Path(__file__).parent / "opinions" / "node" / "reports.js"
_SISIMAI = "print Sisimai->dump($ARGV[0], delivered => 1, vacation => 1) // '[]'"

# action, status, what the server said, and the reason that Sisimai makes of it
NOTICES: list[tuple[ReportedAction, str, str, str]] = [
    ("failed", "5.1.1", "550 5.1.1 User unknown", "userunknown"),
    ("failed", "5.2.2", "552 5.2.2 Mailbox full: over quota", "mailboxfull"),
    ("failed", "4.4.7", "450 4.4.7 Delivery time expired", "expired"),
    ("delayed", "4.4.1", "450 4.4.1 No answer from host", "expired"),
    ("delivered", "2.0.0", "", "delivered"),
    ("relayed", "2.1.9", "250 2.0.0 Ok", "delivered"),
]


def sisimai(folder: Path, octets: bytes) -> list[dict[str, Any]]:
    file = folder / "report"
    file.write_bytes(octets)
    told = run(program("perl", "perl"), "-MSisimai", "-e", _SISIMAI, str(file))
    return list(json.loads(told))


def postal(folder: Path, octets: bytes) -> dict[str, Any]:
    (folder / "report").write_bytes(octets)
    told = run(program("node", "nodejs"), str(_SCRIPT), str(folder))
    return dict(json.loads(told)["report"])


@pytest.mark.parametrize(("action", "status", "said", "reason"), NOTICES)
def test_delivery(
    action: ReportedAction, status: str, said: str, reason: str, tmp_path: Path
) -> None:
    diagnostic = f"smtp; {said}" if said else ""
    one = replace(FAILED, action=action, status=status, diagnostic=diagnostic)
    report = notice(mail(), one)
    (found,) = sisimai(tmp_path, report.octets)
    assert found["recipient"] == "ann@there.test"
    assert found["addresser"] == "shop@shop.test"
    assert (found["action"], found["deliverystatus"]) == (action, status)
    assert (found["replycode"], found["reason"]) == (said[:3], reason)
    read = postal(tmp_path, report.octets)
    returned = "message/rfc822" if action == "failed" else "text/rfc822-headers"
    assert read["types"] == ["message/delivery-status", returned]
    fields = read["fields"]
    assert fields["Final-Recipient"] == "rfc822; ann@there.test"
    assert (fields["Action"], fields["Status"]) == (action, status)
    assert REASON in read["text"]


def test_several_recipients(tmp_path: Path) -> None:
    others = [replace(FAILED, final=f"u{n}@there.test", original="") for n in range(20)]
    found = sisimai(tmp_path, notice(mail(), *others).octets)
    assert [each["recipient"] for each in found] == [each.final for each in others]


def test_utf8(tmp_path: Path) -> None:
    """Sisimai has no UTF-8 in addresses (RFC 6533); postal-mime has."""
    about = mail(
        "Subject: Grüße\r\n\r\nHi.".encode(), reverse_path="käufer@shop.test", utf8=True
    )
    one = replace(FAILED, final="用户@例子.test", original="")
    read = postal(tmp_path, notice(about, one).octets)
    assert read["types"] == ["message/global-delivery-status", "message/global"]
    assert read["fields"]["Final-Recipient"] == "utf-8; 用户@例子.test"
    assert (read["fields"]["Action"], read["fields"]["Status"]) == ("failed", "5.1.1")


def test_a_complaint(tmp_path: Path) -> None:
    about = mail(source_address="192.0.2.1")
    report = complaint_reports.write_complaint(WRITER, about, "ann@there.test", REASON)
    (found,) = sisimai(tmp_path, report.octets)
    assert (found["recipient"], found["reason"]) == ("ann@there.test", "feedback")
    assert found["feedbacktype"] == "abuse"
    read = postal(tmp_path, report.octets)
    assert read["types"] == ["message/feedback-report", "message/rfc822"]
    assert read["fields"]["Feedback-Type"] == "abuse"
    assert read["fields"]["Original-Rcpt-To"] == "<ann@there.test>"


def test_an_automatic_reply(tmp_path: Path) -> None:
    to, about = "autoreply@mailsink.test", mail()
    report = automatic_replies.write_reply(WRITER, about, to, "Your order", REASON)
    (found,) = sisimai(tmp_path, report.octets)
    assert (found["recipient"], found["reason"]) == (to, "vacation")
    read = postal(tmp_path, report.octets)
    assert (read["subject"], read["types"]) == ("Auto: Your order", [])
