"""Writes complaints of recipients in the Abuse Reporting Format (RFC 5965)."""

from __future__ import annotations

from mailsink.reporting import multipart, returned_part, written_fields
from mailsink.reporting.report_values import (
    MailReportedOn,
    ReportWriter,
    WrittenReport,
)
from mailsink.reporting.written_fields import Pairs, stamp

_TEXT = """\
This is a complaint: the recipient of the message below marked it as spam.

{reason}
"""


def write_complaint(
    writer: ReportWriter, mail: MailReportedOn, recipient: str, reason: str
) -> WrittenReport:
    """Return a complaint of a recipient about a message.

    reason: for the complaint, as a sentence for people
    """
    utf8 = not (mail.reverse_path + recipient).isascii()
    header = multipart.head(
        writer,
        [
            ("From", f"Feedback Loop <feedback@{writer.hostname}>"),
            ("To", f"<{mail.reverse_path}>"),
            ("Subject", "Complaint about a message"),
            *written_fields.threading(mail.message_id),
        ],
        utf8,
    )
    # RFC 5965 §2 has only one form, in ASCII.
    report = written_fields.group(_fields(writer, mail, recipient))
    kind = b"Content-Type: message/feedback-report\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    parts = [
        multipart.text_part(_TEXT.format(reason=written_fields.one_line(reason))),
        kind + report,
        returned_part.returned(mail, mail.returns.upper() != "HDRS", utf8),
    ]
    octets = multipart.of_parts(header, "feedback-report", parts)
    return WrittenReport(octets, utf8 or not header.isascii())


def _fields(writer: ReportWriter, mail: MailReportedOn, recipient: str) -> Pairs:
    yield "Feedback-Type", "abuse"
    yield "User-Agent", "Mailsink/1"
    yield "Version", "1"
    yield "Original-Envelope-Id", mail.envelope_id
    yield "Original-Mail-From", f"<{mail.reverse_path}>"
    yield "Original-Rcpt-To", f"<{recipient}>"
    yield "Arrival-Date", stamp(mail.arrived_at)
    yield "Reporting-MTA", f"dns; {writer.hostname}"
    yield "Source-IP", mail.source_address
