"""Delivers our own reports into an inbox, as messages of an internal session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from inbox.mailbox import message_rows
from inbox.mailbox.message_rows import MessageRows
from inbox.models import Session
from inbox.models.session import INTERNAL
from mailsink.mime import headers
from mailsink.reporting.report_values import WrittenReport

ROWS = 6  # of a report: its session, transaction, recipient, body, message and link


def prepared(
    inbox_id: int, server: UUID, recipient: str, report: WrittenReport
) -> MessageRows:
    """Return the rows of a report from the null reverse-path. Raises OSError.

    server: of this process; recipient: the sender of the reported message
    """
    now = datetime.now(UTC)
    session = Session(
        server_id=server, inbox_id=inbox_id, listener=INTERNAL, listener_kind=INTERNAL,
        client_address="", client_port=0, protocol=INTERNAL,
        opened_at=now, closed_at=now, ending="quit",
    )  # fmt: skip
    # No report about a report, wherever it goes (RFC 3461 §6.1)
    parameters = ("SMTPUTF8" if report.utf8 else "", "NOTIFY=NEVER")
    summary = headers.summary(report.octets)
    return MessageRows(session, report.octets, summary, "", [recipient], parameters)


def deliver(reports: Sequence[MessageRows]) -> list[UUID]:
    """Write reports within a write turn; return the ids of their messages."""
    ids: list[UUID] = []
    for each in reports:
        ids += message_rows.insert(each.transaction.session, [each], is_new=True)
    return ids
