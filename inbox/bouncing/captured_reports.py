"""The reports that a captured message requests: with NOTIFY, or with a special address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inbox.bouncing import notify, report_drafts
from inbox.bouncing.report_drafts import ReportDraft
from inbox.content import report_addresses
from inbox.content.report_addresses import AddressRequest
from inbox.models import MadeReport, Message, Recipient
from mailsink.mime import headers
from mailsink.reporting import (
    automatic_replies,
    complaint_reports,
    delivery_notices,
)
from mailsink.reporting.report_values import MailReportedOn, RecipientStatus

RECIPIENTS_OF_A_REPORT = 100
_MOST = 20  # reports of a message
_MOST_OF_A_KIND = 3  # automatic replies, and complaints
# Automatic replies to one sender: RFC 3834 §2 requires a limit.
MOST_REPLIES = 200
REPLIES_WITHIN = timedelta(hours=1)
_KEEPS_TRYING = timedelta(days=5)  # RFC 5321 §4.5.4.1
_CONDITIONS = {"failed": "FAILURE", "delayed": "DELAY"}

_BY_ADDRESS = (
    "Mailsink made this report because the address of the recipient asks for one. The "
    "message itself was accepted and stored."
)
_BY_NOTIFY = (
    "Mailsink made this report because the message was sent with NOTIFY=SUCCESS. "
    "Delivered means that the message is in the inbox of Mailsink."
)
_REPLY = (
    "Mailsink wrote this reply because the address of the recipient asks for one. The "
    "message was accepted and stored."
)

Asking = tuple[Recipient, AddressRequest]


def drafts(message: Message) -> list[ReportDraft]:
    """Return the reports about a new message, whose transaction is loaded."""
    transaction = message.transaction
    if not report_drafts.can_be_reported_to(transaction.reverse_path):
        return []
    rows = Recipient.objects.filter(transaction=transaction, rcpt_code__lt=300)
    # LMTP replies for each recipient (RFC 2033 §4.2)
    rows = rows.exclude(final_code__gte=400)
    recipients = list(rows.order_by("seq"))
    mail = report_drafts.of_message(
        message, transaction.reverse_path, transaction.parameters
    )
    asking = [
        (row, request)
        for row in recipients
        if (request := report_addresses.asked(row.forward_path))
    ]
    found = [
        *_on_delivery(mail, recipients, asking),
        *_automatic_replies(message, mail, asking),
        *_complaints(mail, asking),
    ]
    return found[:_MOST]


def _on_delivery(
    mail: MailReportedOn, recipients: Sequence[Recipient], asking: Sequence[Asking]
) -> Iterator[ReportDraft]:
    for kind, condition in _CONDITIONS.items():
        rows = [
            _asked_for(row, request)
            for row, request in asking
            if request.kind == kind
            and notify.wanted(notify.parameters(row.parameters), condition)
        ]
        yield from _notices(mail, rows, "address", _BY_ADDRESS)
    undelivered = {row.seq for row, request in asking if request.kind in _CONDITIONS}
    rows = [
        _delivered(row)
        for row in recipients
        if row.seq not in undelivered
        and notify.wanted(notify.parameters(row.parameters), "SUCCESS")
    ]
    yield from _notices(mail, rows, "notify", _BY_NOTIFY)


def _notices(
    mail: MailReportedOn, rows: Sequence[RecipientStatus], cause: str, reason: str
) -> Iterator[ReportDraft]:
    for start in range(0, len(rows), RECIPIENTS_OF_A_REPORT):
        part = rows[start : start + RECIPIENTS_OF_A_REPORT]
        # Only one of them returns the whole message, so that a small one does not
        # become many large ones.
        about = replace(mail, returns="HDRS") if start else mail
        report = delivery_notices.write(report_drafts.writer(), about, part, reason)
        yield ReportDraft(part[0].action, cause, part[0].final, len(part), report)


def _asked_for(row: Recipient, request: AddressRequest) -> RecipientStatus:
    now = datetime.now(UTC)
    is_delay = request.kind == "delayed"
    return RecipientStatus(
        final=row.forward_path,
        action="delayed" if is_delay else "failed",
        status=request.status,
        original=notify.original_recipient(notify.parameters(row.parameters)),
        diagnostic=request.diagnostic,
        last_attempt=now,
        will_retry_until=now + _KEEPS_TRYING if is_delay else None,
    )


def _delivered(row: Recipient) -> RecipientStatus:
    original = notify.original_recipient(notify.parameters(row.parameters))
    return RecipientStatus(row.forward_path, "delivered", "2.0.0", original)


def _automatic_replies(
    message: Message, mail: MailReportedOn, asking: Sequence[Asking]
) -> Iterator[ReportDraft]:
    kind = "automatic_reply"
    rows = [row for row, request in asking if request.kind == kind]
    if not rows:
        return
    if withheld := _withheld(mail):
        path = rows[0].forward_path
        yield ReportDraft(kind, "address", path, len(rows), withheld=withheld)
        return
    for row in rows[:_MOST_OF_A_KIND]:
        path = row.forward_path
        reply = automatic_replies.write_reply(
            report_drafts.writer(), mail, path, message.subject, _REPLY
        )
        yield ReportDraft(kind, "address", path, report=reply)


def _withheld(mail: MailReportedOn) -> str:
    """Return why a message gets no automatic reply (RFC 3834 §2); "" if it gets one."""
    fields, _end = headers.split(mail.octets)
    named = [(each.name, each.value) for each in fields]
    if not automatic_replies.may_answer(mail.reverse_path, named):
        return "automatic"
    since = datetime.now(UTC) - REPLIES_WITHIN
    rows = MadeReport.objects.filter(kind="automatic_reply", sender=mail.reverse_path)
    replies = rows.filter(made_at__gte=since, withheld="")[:MOST_REPLIES]
    return "often" if replies.count() >= MOST_REPLIES else ""


def _complaints(
    mail: MailReportedOn, asking: Sequence[Asking]
) -> Iterator[ReportDraft]:
    rows = [row for row, request in asking if request.kind == "complaint"]
    for row in rows[:_MOST_OF_A_KIND]:
        report = complaint_reports.write_complaint(
            report_drafts.writer(), mail, row.forward_path, _BY_ADDRESS
        )
        yield ReportDraft("complaint", "address", row.forward_path, report=report)
