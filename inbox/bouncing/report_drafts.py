"""A report that will be stored, and the values that all reports about a message share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from inbox.bouncing import notify
from inbox.mailbox import messages
from inbox.models import Message
from mailsink.conf import CONFIG
from mailsink.reporting.report_values import (
    MailReportedOn,
    ReportWriter,
    WrittenReport,
)
from mailsink.reporting.returned_part import WHOLE

_LONGEST_PATH = 900  # octets of a reverse-path to which a report can go


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report, or the reason why it is withheld. recipient: the first one of the report"""

    kind: str
    cause: str  # address, notify, or release
    recipient: str
    recipients: int = 1
    report: WrittenReport | None = None
    withheld: str = ""
    release: UUID | None = None


def writer() -> ReportWriter:
    """Return the author of a report: this server, at the current time."""
    return ReportWriter(CONFIG.hostname, datetime.now(UTC))


def can_be_reported_to(reverse_path: str) -> bool:
    """Whether a report may go to a reverse-path: not to the null one (RFC 5321 §4.5.5)."""
    return 0 < len(reverse_path.encode()) <= _LONGEST_PATH and "@" in reverse_path


def of_message(message: Message, reverse_path: str, parameters: str) -> MailReportedOn:
    """Return a message with its envelope, for reports.

    reverse_path, parameters: of MAIL, which a release may have changed
    """
    of_mail = notify.parameters(parameters)
    session, at = message.transaction.session, message.received_at
    address = session.client_address
    literal = f"IPv6:{address}" if ":" in address else address
    return MailReportedOn(
        octets=messages.open_start(message, WHOLE),
        size=message.size,
        reverse_path=reverse_path,
        arrived_at=at,
        message_id=message.message_id,
        envelope_id=notify.envelope_id(of_mail),
        returns=of_mail.get("RET") or "",
        received_from=f"{session.helo} ([{literal}])" if session.helo else "",
        source_address=address,
        deliver_by=_deliver_by(of_mail, at),
        held=_held(of_mail),
        utf8="SMTPUTF8" in of_mail,
    )


def _deliver_by(of_mail: notify.Parameters, at: datetime) -> datetime | None:
    """Return the time by which the message must be delivered (RFC 2852 §4)."""
    seconds = (of_mail.get("BY") or "").partition(";")[0]
    try:
        return at + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None


def _held(of_mail: notify.Parameters) -> str:
    """Return how long the client asked to hold the message (RFC 4865 §4.2)."""
    if seconds := of_mail.get("HOLDFOR"):
        return f"for;{seconds}"
    return f"until;{until}" if (until := of_mail.get("HOLDUNTIL")) else ""
