"""Rows of sessions and exchanges, as the recorder makes them, and facts about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from inbox import explain
from inbox.capture.rows import ExchangeRow, SessionRow
from mailsink.smtp.protocol.replies import Reply

NOW = datetime.now(UTC)


def a_session(**fields: object) -> SessionRow:
    row = SessionRow(uuid4(), uuid4(), "127.0.0.1:1025", "10.0.0.1", 9, "SMTP", NOW)
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def an_exchange(**fields: object) -> ExchangeRow:
    row = ExchangeRow(uuid4(), 1, "command", "NOOP", "NOOP", 6, 1_031_400)
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def ended(ending: str, **fields: object) -> SessionRow:
    return a_session(ending=ending, closed_at=NOW + timedelta(seconds=1), **fields)


def refused(
    verb: str,
    code: int,
    reply: Reply | None = None,
    kind: str = "command",
    **fields: Any,
) -> explain.Facts:
    """A session whose first refusal was this one."""
    enhanced = reply.enhanced if reply else ""
    lines = "\n".join(reply.lines()) if reply else f"{code} No"
    line = an_exchange(verb=verb, kind=kind, code=code, enhanced=enhanced, reply=lines)
    return explain.Facts(refusal=line, **fields)
