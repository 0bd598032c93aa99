"""Model instances and the recorder's rows -> the objects of API v3 and the live feed.

The members that lists, single objects and the live feed share. Members that only `GET
messages/<id>` has are made in inbox/api/v3/message_details.py. The rows must be loaded
with all needed data: no queries are made here. Optimised for speed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from inbox.capture.rows import ExchangeRow, MessageRow, SessionRow
from inbox.explain import attempt_history, traces
from inbox.explain.attempt_history import Attempt, AttemptHistory
from inbox.explain.evidence import Evidence
from inbox.insight.replay import Replay
from inbox.insight.trace import Trace
from inbox.mailbox import inboxes
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange, Message, Recipient, Session

Shape = dict[str, Any]


def stamp(at: datetime | None) -> str | None:
    """Return a time in RFC 3339 format, in UTC with Z and microseconds."""
    if at is None:
        return None
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def message(message: Message | MessageRow) -> Shape:
    """Return a message for lists and live events."""
    transaction = message.transaction
    indexed = message.indexed_at is not None
    return {
        "id": str(message.id),
        "inbox": inboxes.slug(message.inbox_id),
        "session": str(transaction.session_id),
        "transaction": str(transaction.id),
        "received_at": stamp(message.received_at),
        "from": {"name": message.from_name, "address": message.from_address},
        "to": message.to,
        "cc": message.cc,
        "subject": message.subject,
        "message_id": message.message_id,
        "date": stamp(message.date),
        "size": message.size,
        "snippet": message.snippet if indexed else None,
        "attachments": message.attachments if indexed else None,
        "read": getattr(message, "read", False),
        "pinned": message.pinned,
        "tags": message.tags,
        "status": message.status,
        "note": message.note,
        "assignee": getattr(message, "assignee", None),
        "comments": getattr(message, "comment_count", None) or 0,
        "code": transaction.code,
        "first_recipient": transaction.first_recipient,
        "reverse_path": transaction.reverse_path,
        "recipients_accepted": transaction.recipients_accepted,
        "recipients_refused": transaction.recipients_refused,
        "attempt": getattr(message, "number", None) or 1,
    }


def recipient(recipient: Recipient) -> Shape:
    """Return one RCPT."""
    return {
        "forward_path": recipient.forward_path,
        "parameters": recipient.parameters,
        "rcpt_code": recipient.rcpt_code,
        "final_code": recipient.final_code,
    }


def envelope(transaction: TransactionSummary) -> Shape:
    """Return the data of MAIL and RCPT, separate from the header."""
    return {
        "reverse_path": transaction.reverse_path,
        "parameters": transaction.parameters,
        "recipients": [recipient(each) for each in transaction.recipients],
    }


def session(session: Session | SessionRow) -> Shape:
    """Return a session for lists and live events; messages is a count."""
    return {
        "id": str(session.id),
        "inbox": inboxes.slug(session.inbox_id),
        "direction": session.direction,
        "listener": session.listener,
        "client_address": session.client_address,
        "client_port": session.client_port,
        "helo": session.helo,
        "protocol": session.protocol,
        "tls": _tls(session),
        "auth": _auth(session),
        "opened_at": stamp(session.opened_at),
        "closed_at": stamp(session.closed_at),
        "ending": session.ending,
        "messages": session.messages,
        "worst_code": session.worst_code,
    }


def _tls(session: Session | SessionRow) -> Shape | None:
    if not session.tls_version:
        return None
    return {
        "version": session.tls_version,
        "cipher": session.tls_cipher,
        "sni": session.tls_sni,
    }


def _auth(session: Session | SessionRow) -> Shape | None:
    if not session.auth_mechanism:
        return None
    return {"mechanism": session.auth_mechanism, "username": session.auth_username}


def exchange(exchange: Exchange | ExchangeRow) -> Shape:
    """Return one line and its reply; times in microseconds since opened_at."""
    transaction = exchange.transaction_id
    return {
        "seq": exchange.seq,
        "direction": exchange.direction,
        "transaction": str(transaction) if transaction else None,
        "kind": exchange.kind,
        "verb": exchange.verb,
        "line": exchange.line,
        "octets": exchange.octets,
        "received_us": exchange.received_us,
        "ready_us": exchange.ready_us,
        "replied_us": exchange.replied_us,
        "delayed_us": exchange.delayed_us,
        "code": exchange.code,
        "enhanced": exchange.enhanced,
        "reply": exchange.reply.split("\n") if exchange.reply else [],
        "rule": exchange.rule,
        "flags": exchange.flags.split(),
    }


def transaction(transaction: TransactionSummary) -> Shape:
    """Return a transaction, with the known facts about its body; size is null without one."""
    return {
        "id": str(transaction.id),
        "session": str(transaction.session_id),
        "inbox": inboxes.slug(transaction.inbox_id),
        "seq": transaction.seq,
        "reverse_path": transaction.reverse_path,
        "parameters": transaction.parameters,
        "outcome": transaction.outcome,
        "code": transaction.code,
        "started_at": stamp(transaction.started_at),
        "ended_at": stamp(transaction.ended_at),
        "failure": transaction.failure,
        "recipients": [recipient(each) for each in transaction.recipients],
        "size": transaction.size,
        "complete": transaction.complete,
        "subject": transaction.subject,
        "from": {"name": transaction.from_name, "address": transaction.from_address},
        "attempt": transaction.number,
    }


def history(history: AttemptHistory) -> Shape:
    """Return the attempt history of a message, in the words of the pages."""
    waits = [None, *history.waits]
    return {
        "sentence": attempt_history.summary(history),
        "upshot": attempt_history.upshot(history),
        "basis": attempt_history.basis(history),
        "joined_by": history.joined,
        "likely": history.likely,
        "attempt": history.number,
        "total": history.total,
        "attempts": [
            _attempt(each, waited, index == history.at)
            for index, (each, waited) in enumerate(
                zip(history.attempts, waits, strict=True)
            )
        ],
    }


def _attempt(one: Attempt, waited: float | None, asked: bool) -> Shape:
    return {
        "started_at": stamp(one.started_at),
        "ended_at": stamp(one.ended_at),
        "waited": waited,
        "outcome": one.outcome,
        "code": one.code,
        "label": attempt_history.label(one),
        "words": attempt_history.words(one),
        "reply": one.reply.split("\n") if one.reply else [],
        "likely": one.likely,
        "this": asked,
        "message": _id(one.message),
        "transaction": _id(one.transaction),
        "session": str(one.session),
        "exchange": one.seq,
        "url": one.url,
    }


def replay(replay: Replay) -> Shape:
    """Return the commands that repeat a session's exchanges."""
    return {
        "swaks": replay.swaks,
        "swaks_notes": replay.swaks_notes,
        "python": replay.python,
        "python_notes": replay.python_notes,
    }


def trace(trace: Trace) -> Shape:
    """Return a trace, in the words of the page."""
    return {
        "address": trace.address,
        "sentence": trace.sentence,
        "aside": trace.aside,
        "evidence": [_evidence(each, trace.at) for each in trace.evidence],
        "more": trace.more,
        "near": [
            {"address": each.address, "at": stamp(each.at), "words": each.words}
            for each in trace.near
        ],
        "sent": {
            "messages": trace.sent.messages,
            "failed": trace.sent.failed,
            "more": trace.sent.more,
            "last": stamp(trace.sent.last),
        },
        "last_connection": connection(trace.last_connection),
    }


def _evidence(one: Evidence, now: datetime) -> Shape:
    return {
        "kind": one.kind,
        "at": stamp(one.at),
        "words": traces.words(one, now),
        "address": one.address,
        "subject": one.subject,
        "code": one.code,
        "reply": one.reply.split("\n") if one.reply else [],
        "rule": one.rule,
        "message": _id(one.message),
        "transaction": _id(one.transaction),
        "session": _id(one.session),
        "exchange": one.seq,
        "url": one.url,
        "deleted_at": stamp(one.deleted_at),
        "removed_at": stamp(one.removed_at),
    }


def _id(id: UUID | None) -> str | None:
    return str(id) if id else None


def connection(session: Session | None) -> Shape | None:
    """Return the time and the address of a client's connection."""
    if session is None:
        return None
    return {"at": stamp(session.opened_at), "client_address": session.client_address}


def page(items: Iterable[Shape], next_cursor: str | None) -> Shape:
    """Return a list in the form of API v3."""
    return {"items": list(items), "next": next_cursor}
