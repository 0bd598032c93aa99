"""The values for writing a report, and the report itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# RFC 3464 §2.3.3; "expanded" is for lists, which Mailsink does not have.
ReportedAction = Literal["failed", "delayed", "delivered", "relayed"]


@dataclass(frozen=True, slots=True)
class MailReportedOn:
    """The message that a report is about, with its envelope. "" means unknown.

    octets: its beginning, or all of it if there are `size` octets
    envelope_id: ENVID, decoded; returns: RET, FULL or HDRS (RFC 3461 §4.3)
    received_from: the client, such as "mail.example ([192.0.2.1])"
    utf8: the client declared SMTPUTF8, so that its sender can read such reports
    """

    octets: bytes
    size: int
    reverse_path: str
    arrived_at: datetime
    message_id: str = ""
    envelope_id: str = ""
    returns: str = ""
    received_from: str = ""
    source_address: str = ""
    deliver_by: datetime | None = None  # RFC 2852
    held: str = ""  # "for;3600" or "until;2030-01-01T00:00:00Z" (RFC 4865)
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """The result of a message for one recipient (RFC 3464 §2.3).

    original: ORCPT, decoded, such as "rfc822;ann@example.com"
    diagnostic: with its type, such as "smtp; 550 5.1.1 User unknown"
    """

    final: str
    action: ReportedAction
    status: str
    original: str = ""
    diagnostic: str = ""
    remote_mta: str = ""
    last_attempt: datetime | None = None
    will_retry_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """The server that reports. hostname: its name; now: the time of its reports."""

    hostname: str
    now: datetime


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report in the form to store and send. utf8: it needs SMTPUTF8 (RFC 6531)."""

    octets: bytes
    utf8: bool = False
