"""The fields of delivery reports: those of the RFCs' examples, and as systems write them."""

from __future__ import annotations

import pytest

from mailsink.mime import delivery_reports, report_fields
from mailsink.mime.delivery_reports import ReportedRecipient

# RFC 3464 appendix E.2
SEVERAL = """Reporting-MTA: dns; cs.utk.edu

Original-Recipient: rfc822;arathib@vnet.ibm.com
Final-Recipient: rfc822;arathib@vnet.ibm.com
Action: failed
Status: 5.0.0 (permanent failure)
Diagnostic-Code: smtp;
 550 'arathib@vnet.IBM.COM' is not a registered gateway user
Remote-MTA: dns; vnet.ibm.com

Original-Recipient: rfc822;johnh@hpnjld.njd.hp.com
Final-Recipient: rfc822;johnh@hpnjld.njd.hp.com
Action: delayed
Status: 4.0.0 (hpnjld.njd.jp.com: host name lookup failure)

Original-Recipient: rfc822;wsnell@sdcc13.ucsd.edu
Final-Recipient: rfc822;wsnell@sdcc13.ucsd.edu
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 user unknown
Remote-MTA: dns; sdcc13.ucsd.edu
"""
SAID = tuple[str, str, str, str]


def said(text: str) -> list[SAID]:
    """Return (address, action, status, diagnostic) of each recipient."""
    recipients = delivery_reports.read(text).recipients
    return [(each.address, each.action, each.status, each.diagnostic) for each in recipients]  # fmt: skip


def one(text: str) -> ReportedRecipient:
    (recipient,) = delivery_reports.read(text).recipients
    return recipient


OF_SEVERAL = [
    ("arathib@vnet.ibm.com", "failed", "5.0.0",
     "550 'arathib@vnet.IBM.COM' is not a registered gateway user"),
    ("johnh@hpnjld.njd.hp.com", "delayed", "4.0.0", "hpnjld.njd.jp.com: host name lookup failure"),
    ("wsnell@sdcc13.ucsd.edu", "failed", "5.0.0", "550 user unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        SEVERAL,
        SEVERAL.replace("\n\n", "\n"),  # no empty lines
        SEVERAL.replace("\n", "\n\n").replace("\n\n 550", "\n 550"),  # everywhere
        SEVERAL.lower().replace("ibm.com'", "IBM.COM'"),
        SEVERAL.replace("-Recipient: rfc822;", "-recipient : RFC822 ; "),
        SEVERAL.replace("\n\nOriginal", "\n \t\nOriginal"),
    ],
)
def test_several_recipients(text: str) -> None:
    assert said(text) == OF_SEVERAL
    assert delivery_reports.read(text).reporting_mta == "cs.utk.edu"


def test_all_fields() -> None:
    report = delivery_reports.read(
        "Original-Envelope-Id: QQ314159\nReporting-MTA: dns; mx.shop.test\n"
        "DSN-Gateway: dns; gate.test\nReceived-From-MTA: dns; app.shop.test\n"
        "Arrival-Date: Fri, 8 Jul 1994 14:00:00 -0400\n\n"
        "Original-Recipient: rfc822;ann@shop.test\nFinal-Recipient: rfc822;ann@there.test\n"
        "Action: delayed\nStatus: 4.4.7\nRemote-MTA: dns; mx.there.test\n"
        "Diagnostic-Code: smtp; 426 connection timed out\n"
        "Last-Attempt-Date: Fri, 8 Jul 1994 15:00:00 -0400\n"
        "Final-Log-ID: 4711\nWill-Retry-Until: Sun, 10 Jul 1994 14:00:00 -0400\n"
    )
    assert report == delivery_reports.DeliveryReport(
        recipients=(
            ReportedRecipient(
                address="ann@shop.test", original="ann@shop.test", final="ann@there.test",
                action="delayed", status="4.4.7", code=426, remote_mta="mx.there.test",
                diagnostic_type="smtp", diagnostic="426 connection timed out",
                last_attempt="Fri, 8 Jul 1994 15:00:00 -0400",
                will_retry_until="Sun, 10 Jul 1994 14:00:00 -0400", log_id="4711",
            ),
        ),
        reporting_mta="mx.shop.test", gateway="gate.test", received_from_mta="app.shop.test",
        envelope_id="QQ314159", arrival_date="Fri, 8 Jul 1994 14:00:00 -0400",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 3464 appendix E.1, E.3 and E.4
        ("Reporting-MTA: dns; cs.utk.edu\n\nOriginal-Recipient: rfc822;louisl@larry.slip.umd.edu\n"
         "Final-Recipient: rfc822;louisl@larry.slip.umd.edu\nAction: failed\nStatus: 4.0.0\n"
         "Diagnostic-Code: smtp; 426 connection timed out\n"
         "Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400\n",
         ("louisl@larry.slip.umd.edu", "failed", "4.0.0", "426 connection timed out")),
        ("Reporting-MTA: mailbus; SYS30\n\nFinal-Recipient: unknown; nair_s\nAction: failed\n"
         "Status: 5.0.0 (unknown permanent failure)\n",
         ("nair_s", "failed", "5.0.0", "unknown permanent failure")),
        ("Reporting-MTA: dns; sun2.nsfnet-relay.ac.uk\n\nFinal-Recipient: rfc822;thomas@de-montfort.ac.uk\n"
         "Status: 4.0.0 (unknown temporary failure)\nAction: delayed\n",
         ("thomas@de-montfort.ac.uk", "delayed", "4.0.0", "unknown temporary failure")),
        # RFC 6533 §3: in UTF-8, and escaped
        ("Final-Recipient: utf-8; почта@пример.test\nAction: failed\nStatus: 5.1.1\n",
         ("почта@пример.test", "failed", "5.1.1", "")),
        ("Final-Recipient: utf-8; \\x{43F}\\x{43E}@shop.test\nAction: failed\nStatus: 5.1.1\n",
         ("по@shop.test", "failed", "5.1.1", "")),
        ("Final-Recipient: utf-8; \\x{D800}\\x{7}\\x{110000}@shop.test\nAction: failed\n",
         ("���@shop.test", "failed", "", "")),
        # As systems write it
        ("Original-Recipient: <kim@there.test>\nAction: failed\n"
         "Diagnostic-Code: smtp; 550 Unknown user\nRemote-MTA: 192.0.2.192\n",
         ("kim@there.test", "failed", "", "550 Unknown user")),
        ("Final-Recipient: rfc822;kim@there.test\nAction: Failure\nStatus: #5.1.1\n",
         ("kim@there.test", "failed", "5.1.1", "")),
        ("Final-Recipient: rfc822;kim@there.test\nAction: error\nStatus: 5.1.2\n",
         ("kim@there.test", "failed", "5.1.2", "")),
        ("Final-Recipient: rfc822;kim@there.test\nDiagnostic-Code: smtp; 550 5.7.1 No (#1)\n",
         ("kim@there.test", "failed", "5.7.1", "550 5.7.1 No (#1)")),
        ("Diagnostic-Code: smtp; 550-Turn on\n550-SMTP AUTH\n550 in your client.\nStatus: 5.0.0\n"
         "Action: failed\nFinal-Recipient: rfc822; kim@there.test\n",
         ("kim@there.test", "failed", "5.0.0", "550-Turn on 550-SMTP AUTH 550 in your client.")),
        ("Final-Recipient: kim@there.test\nAction: expired\nStatus: 4.4.7\nDiagnostic-Code: timed out\n",
         ("kim@there.test", "failed", "4.4.7", "timed out")),
        ("Original-Recipient: rfc822;kim+40there.test\nAction: relayed\nStatus: 2.0.0\n",
         ("kim@there.test", "relayed", "2.0.0", "")),
        ("Final_Recipient: rfc822;kim@there.test\nAction: delivered (to mailbox)\n",
         ("kim@there.test", "delivered", "", "")),
    ],
)  # fmt: skip
def test_one_recipient(text: str, expected: SAID) -> None:
    assert said(text) == [expected]


def test_an_original_recipient_behind_the_final_one() -> None:
    text = "Final-Recipient: rfc822; {0}\nOriginal-Recipient: rfc822; {0}\nAction: failed\nStatus: 5.1.1\n\n"
    found = said(text.format("a@x.test") + text.format("b@x.test"))
    assert [each[0] for each in found] == ["a@x.test", "b@x.test"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1", "5.1.1"), ("said: 550-5.7.26 no", "5.7.26"), ("(#4.4.1)", "4.4.1"),
        ("connect to 5.1.1.25", ""), ("1.5.1.1", ""), ("3.1.1", ""), ("5.1", ""), ("5.1.1000", ""),
        ("at the end 5.2.2.", "5.2.2"),
    ],
)  # fmt: skip
def test_a_status_is_no_piece_of_an_ip_address(text: str, status: str) -> None:
    assert delivery_reports.status_in(text) == status


@pytest.mark.parametrize(
    ("text", "code"),
    [("550 No", 550), ("550-5.1.1 No", 550), ("call 480-505-8877", None), ("call (555) 123-4567", None), ("No (550)", 550), ("SIZE=512:", None), ("[192.0.2.250]", None),
     ("port 25 999", None), ("said: 421", 421), ("user550 x", None)],
)  # fmt: skip
def test_a_reply_code_is_no_piece_of_something_else(
    text: str, code: int | None
) -> None:
    assert delivery_reports.reply_code_in(text) == code


def test_a_status_that_says_nothing_gives_way_to_the_diagnostic() -> None:
    text = "Final-Recipient: rfc822;a@x.test\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 No\n"
    assert (one(text).status, one(text).best_status) == ("5.0.0", "5.1.1")
    other = text.replace("5.1.1", "4.1.1")
    assert one(other).best_status == "5.0.0"


def test_what_is_left_out_is_counted() -> None:
    text = "".join(
        f"Final-Recipient: rfc822;u{n}@x.test\nAction: failed\n\n" for n in range(300)
    )
    report = delivery_reports.read(text)
    assert (len(report.recipients), report.left_out, report.is_cut) == (200, 100, False)
    assert delivery_reports.read(text + "\n" * report_fields.LOOKED_AT).is_cut


def test_a_long_value_is_cut() -> None:
    text = "Final-Recipient: rfc822;a@x.test\nAction: failed\nDiagnostic-Code: smtp; x\n" + " y" * 9000  # fmt: skip
    assert len(one(text + "\n z" * 9000).diagnostic) <= report_fields.LONGEST
