"""The content of a report for API v3: a bounce, a receipt, a complaint, an automatic reply."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from inbox.content import report_words
from inbox.mailbox import made_reports, messages
from inbox.mailbox.scope import Scope
from inbox.models import Message
from inbox.serializers import Shape
from mailsink.mime import reports
from mailsink.mime.dates import parse_date
from mailsink.mime.delivery_reports import ReportedRecipient
from mailsink.mime.mails import ParsedMessage
from mailsink.mime.receipts import Complaint, Disposition
from mailsink.mime.reports import Report


def report(
    scope: Scope, mail: ParsedMessage, message: Message, reverse_path: str
) -> Shape | None:
    """Return the content of a report; None for other mail, and if its octets are gone."""
    found = reports.read(mail.reading, reverse_path) if mail.octets else None
    if found is None:
        return None
    said = found.delivery
    return {
        "kind": found.kind,
        "source": found.source,
        "action": found.action,
        "title": report_words.title(found),
        "part": found.part.index,
        "reporting_mta": said.reporting_mta,
        "dsn_gateway": said.gateway,
        "received_from_mta": said.received_from_mta,
        "envelope_id": said.envelope_id,
        "arrival_date": _time(said.arrival_date),
        "recipients": [_recipient(each) for each in said.recipients],
        "recipients_left_out": said.left_out,
        "truncated": said.is_cut,
        "disposition": found.disposition and _disposition(found.disposition),
        "feedback": found.complaint and _feedback(found.complaint),
        "original": _original(scope, mail, message, found),
    } | _of_complaint(found)


def _of_complaint(found: Report) -> Shape:
    """Return a complaint's facts that delivery reports have as well."""
    said = found.complaint
    if said is None:
        return {}
    return {
        "reporting_mta": said.reporting_mta,
        "envelope_id": said.envelope_id,
        "arrival_date": _time(said.arrival_date),
    }


def _recipient(said: ReportedRecipient) -> Shape:
    return {
        "address": said.address,
        "original_recipient": said.original,
        "final_recipient": said.final,
        "action": said.action,
        "action_text": report_words.action(said),
        "status": said.status,
        "code": said.code,
        "status_text": report_words.status(said),
        "remote_mta": said.remote_mta,
        "diagnostic_type": said.diagnostic_type,
        "diagnostic": said.diagnostic,
        "last_attempt": _time(said.last_attempt),
        "will_retry_until": _time(said.will_retry_until),
        "final_log_id": said.log_id,
    }


def _disposition(said: Disposition) -> Shape:
    members = asdict(said)
    del members["message_id"]  # in original
    return {**members, "text": report_words.disposition(said)}


def _feedback(said: Complaint) -> Shape:
    members = asdict(said)
    for name in ("reporting_mta", "envelope_id", "arrival_date"):
        del members[name]  # it is next to the report
    return {**members, "text": report_words.complaint(said)}


def _original(
    scope: Scope, mail: ParsedMessage, message: Message, found: Report
) -> Shape:
    about = reports.original(mail.reading, found)
    stored = made_reports.original(scope, message.pk)
    stored = stored or messages.by_message_id(scope, about.message_id)
    if stored and stored.pk == message.pk:
        stored = None
    return {
        "subject": about.subject or (stored.subject if stored else ""),
        "message_id": about.message_id,
        "message": stored and str(stored.pk),
    }


def _time(said: str) -> str | None:
    """Return a time in UTC (RFC 3339); None if there is none, or it is unreadable."""
    at: datetime | None = parse_date(said) if said else None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
