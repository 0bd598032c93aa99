"""Case files: a message, a transaction or a session as one HTML file, for a ticket.

The file is self-contained, and cannot run or load anything: its policy forbids it, and
it contains clients' input as text only. Its size is limited, and it lists what was left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from inbox import explain
from inbox.explain import attempt_history
from inbox.explain.attempt_history import Attempt, AttemptHistory
from inbox.explain.lines import TranscriptLine, lines
from inbox.insight import attempts, findings, session_facts
from inbox.mailbox import (
    messages,
    sessions,
    shared_sessions,
    transactions,
    transcripts,
)
from inbox.mailbox.large import refuse_here
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange, Message, Raw, Session
from inbox.storage import body_store
from mailsink import __version__
from mailsink.mime import headers
from mailsink.mime.headers import Field
from mailsink.text import pictured

LINES = 2000  # exchanges of a session
TRANSACTIONS = 20  # of a session, shown one by one
SOURCE = 1024 * 1024  # octets of bodies
_FIELDS = 500  # of a header
_RECIPIENTS = 500


@dataclass(frozen=True, slots=True)
class CaseFileSource:
    """A body, with its shown part."""

    text: str
    fields: Sequence[Field]
    size: int  # octets that arrived
    left_out: int  # octets of these that are not shown


@dataclass(frozen=True, slots=True)
class CaseFileAttempt:
    """An attempt of the history, in words."""

    one: Attempt
    label: str
    words: str
    this: bool


@dataclass(frozen=True, slots=True)
class CaseFilePart:
    """A transaction with its envelope, the history of its message, and its body."""

    transaction: TransactionSummary
    more_recipients: int
    summary: str  # of its attempts; "" if there was only one
    basis: str
    attempts: Sequence[CaseFileAttempt]
    source: CaseFileSource | None


@dataclass(frozen=True, slots=True)
class Case:
    """The content of a case file."""

    name: str  # of the file
    title: str
    version: str
    made_at: datetime
    session: Session
    headline: str
    ending: str
    lines: Sequence[TranscriptLine]
    exchanges: Sequence[Exchange]
    more_lines: int
    parts: Sequence[CaseFilePart]
    more_parts: int
    report: findings.FindingsReport


def of_message(scope: Scope, id: str | UUID) -> Case:
    """Return the case of a message. Raises NotFound."""
    message = messages.get(scope, id)
    transaction = transactions.get(scope, message.transaction_id)
    title = message.subject or _("(no subject)")
    return _of_transaction(scope, transaction, title, str(message.pk))


def of_transaction(scope: Scope, id: str | UUID) -> Case:
    """Return the case of a transaction, whatever its outcome. Raises NotFound."""
    transaction = transactions.get(scope, id)
    title = transaction.subject or _("Transaction of %(reverse_path)s") % {
        "reverse_path": transaction.reverse_path or "nobody"
    }
    return _of_transaction(scope, transaction, title, str(transaction.id))


def of_session(scope: Scope, id: str | UUID) -> Case:
    """Return the case of a session, which may be live. Raises NotFound."""
    session = sessions.get(scope, id)
    exchanges = sessions.exchanges(scope, session.pk, limit=LINES)
    listed = transactions.of_session(session.pk, TRANSACTIONS)
    summaries = [each for each in listed if scope.allows(each.inbox_id)]
    more = max(0, session.transactions - len(listed))
    report = findings.of_session(session)
    return _case(
        scope, session, exchanges, summaries, more, report, "", str(session.pk)
    )


def html(case: Case) -> str:
    """Return a case as the file."""
    return render_to_string("case/case.html", {"case": case})


def _of_transaction(
    scope: Scope, transaction: TransactionSummary, title: str, name: str
) -> Case:
    session = shared_sessions.of_transaction(transaction)
    exchanges = transcripts.of_transaction(transaction)
    report = findings.of_transaction(session, transaction)
    return _case(scope, session, exchanges, [transaction], 0, report, title, name)


def _case(
    scope: Scope,
    session: Session,
    exchanges: list[Exchange],
    summaries: list[TransactionSummary],
    more_parts: int,
    report: findings.FindingsReport,
    title: str,
    name: str,
) -> Case:
    whole = not title
    headline, ending = _said_of(session) if scope.allows(session.inbox_id) else ("", "")
    return Case(
        name=f"mailsink-case-{name}.html",
        title=title or headline,
        version=__version__,
        made_at=datetime.now(UTC),
        session=session,
        headline=headline,
        ending=ending,
        lines=list(lines(exchanges)),
        exchanges=exchanges,
        more_lines=max(0, session.exchanges - len(exchanges)) if whole else 0,
        parts=_parts(scope, summaries),
        more_parts=more_parts,
        report=report,
    )


def _said_of(session: Session) -> tuple[str, str]:
    """Return a headline for a session's messages, and its ending."""
    facts = session_facts.of([session])[session.pk]
    ending = explain.ending(session, facts) or explain.state(session, facts)
    return explain.headline(session, facts), ending


def _parts(scope: Scope, summaries: Sequence[TransactionSummary]) -> list[CaseFilePart]:
    """Return the transactions; with as much of their bodies as there is room for."""
    refuse_here(sum(min(each.size or 0, SOURCE) for each in summaries))
    parts = []
    room = SOURCE
    for transaction in summaries:
        source = _source(transaction.id, room)
        room -= source.size - source.left_out if source else 0
        parts.append(
            _part(transaction, attempts.of_transaction(scope, transaction.id), source)
        )
    return parts


def _part(
    transaction: TransactionSummary,
    history: AttemptHistory,
    source: CaseFileSource | None,
) -> CaseFilePart:
    more = max(0, len(transaction.recipients) - _RECIPIENTS)
    del transaction.recipients[_RECIPIENTS:]
    listed = [
        CaseFileAttempt(
            one,
            attempt_history.label(one),
            attempt_history.words(one),
            at == history.at,
        )
        for at, one in enumerate(history.attempts)
    ]
    return CaseFilePart(
        transaction=transaction,
        more_recipients=more,
        summary=attempt_history.summary(history) if history.several else "",
        basis=attempt_history.basis(history),
        attempts=listed if history.several else [],
        source=source,
    )


def _source(transaction: UUID, room: int) -> CaseFileSource | None:
    """Return a body's first octets; None if there was none, it is deleted, or it is gone."""
    hidden = Message.objects.filter(
        transaction=OuterRef("pk"), deleted_at__isnull=False
    )
    row = Raw.objects.filter(~Exists(hidden), pk=transaction).first()
    if row is None:
        return None
    try:
        octets = body_store.read_start(row, room) if room > 0 else b""
    except OSError:
        return None
    fields, _ = headers.split(octets)
    return CaseFileSource(
        text=pictured(octets),
        fields=fields[:_FIELDS],
        size=row.size,
        left_out=row.size - len(octets),
    )
