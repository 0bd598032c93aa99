"""Writes delivery status notifications (RFC 3461 §6, RFC 3464; with UTF-8: RFC 6533)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from mailsink.reporting import multipart, returned_part, written_fields
from mailsink.reporting.report_values import (
    MailReportedOn,
    RecipientStatus,
    ReportWriter,
    WrittenReport,
)
from mailsink.reporting.written_fields import Pairs, one_line, stamp

_SUBJECTS = {
    "failed": "Delivery Status Notification (Failure)",
    "delayed": "Delivery Status Notification (Delay)",
    "delivered": "Delivery Status Notification (Success)",
    "relayed": "Delivery Status Notification (Relayed)",
}
_SENTENCES = {
    "failed": "Your message could not be delivered to the following recipients:",
    "delayed": (
        "Your message could not be delivered yet to the following recipients. "
        "It will be tried again; you do not need to send it again:"
    ),
    "delivered": "Your message was delivered to the following recipients:",
    "relayed": (
        "Your message was passed on to the following recipients, by a server that "
        "sends no reports. You may get no further report on them:"
    ),
}


def write(
    writer: ReportWriter,
    mail: MailReportedOn,
    recipients: Sequence[RecipientStatus],
    reason: str,
) -> WrittenReport:
    """Return a report on recipients that all have the same action.

    reason: for the report, as a sentence for people
    """
    action = recipients[0].action
    utf8 = _needs_utf8(mail, recipients)
    header = multipart.head(
        writer,
        [
            ("From", f"Mail Delivery System <MAILER-DAEMON@{writer.hostname}>"),
            ("To", f"<{mail.reverse_path}>"),
            ("Subject", _SUBJECTS[action]),
            *written_fields.threading(mail.message_id),
        ],
        utf8,
    )
    # A report of success returns at most the header (RFC 3461 §4.3).
    whole = action == "failed" and mail.returns.upper() != "HDRS"
    parts = [
        multipart.text_part(_text(writer, recipients, reason)),
        _status_part(writer, mail, recipients, utf8),
        returned_part.returned(mail, whole, utf8),
    ]
    octets = multipart.of_parts(header, "delivery-status", parts)
    return WrittenReport(octets, utf8 or not header.isascii())


def _needs_utf8(mail: MailReportedOn, recipients: Sequence[RecipientStatus]) -> bool:
    """Whether an address has non-ASCII characters, and the sender can read them.

    Only ORCPT can have them without SMTPUTF8: then it is written in ASCII.
    """
    if not all(each.final.isascii() for each in recipients):
        return True
    named = (mail.reverse_path, *(each.original for each in recipients))
    shown = mail.utf8 or not mail.reverse_path.isascii()
    return shown and not all(map(str.isascii, named))


def _status_part(
    writer: ReportWriter,
    mail: MailReportedOn,
    recipients: Sequence[RecipientStatus],
    utf8: bool,
) -> bytes:
    groups = [written_fields.group(_of_message(writer, mail), utf8)]
    for each in recipients:
        groups.append(written_fields.group(_of_recipient(each, utf8), utf8))
    body = b"\r\n".join(groups)
    kind = "message/global-delivery-status" if utf8 else "message/delivery-status"
    bits = "7bit" if body.isascii() else "8bit"
    fields = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {bits}\r\n\r\n"
    return fields.encode() + body


def _of_message(writer: ReportWriter, mail: MailReportedOn) -> Pairs:
    yield "Original-Envelope-Id", mail.envelope_id
    yield "Reporting-MTA", f"dns; {writer.hostname}"
    yield "Received-From-MTA", mail.received_from and f"dns; {mail.received_from}"
    yield "Arrival-Date", stamp(mail.arrived_at)
    yield "Deliver-By-Date", stamp(mail.deliver_by)
    yield "Future-Release-Request", mail.held


def _of_recipient(recipient: RecipientStatus, utf8: bool) -> Pairs:
    kind = "utf-8" if utf8 and not recipient.final.isascii() else "rfc822"
    original, _, address = recipient.original.partition(";")
    yield "Original-Recipient", address and f"{original}; {address}"
    yield "Final-Recipient", f"{kind}; {recipient.final}"
    yield "Action", recipient.action
    yield "Status", recipient.status
    yield "Remote-MTA", recipient.remote_mta and f"dns; {recipient.remote_mta}"
    yield "Diagnostic-Code", recipient.diagnostic
    yield "Last-Attempt-Date", stamp(recipient.last_attempt)
    yield "Will-Retry-Until", stamp(recipient.will_retry_until)


def _text(
    writer: ReportWriter, recipients: Sequence[RecipientStatus], reason: str
) -> str:
    """Return the text for people."""
    action = recipients[0].action
    paragraphs = [
        f"This is the mail system at {writer.hostname}.",
        textwrap.fill(_SENTENCES[action], 76),
        *("\n".join(_lines(each)) for each in recipients),
        textwrap.fill(one_line(reason), 76),
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _lines(recipient: RecipientStatus) -> Iterator[str]:
    yield f"  <{one_line(recipient.final)}>"
    _kind, _, said = recipient.diagnostic.partition(";")
    if said:
        yield from textwrap.wrap(
            one_line(said), 72, initial_indent="    ", subsequent_indent="    "
        )
    if recipient.will_retry_until:
        yield f"    It will be tried until {stamp(recipient.will_retry_until)}."
