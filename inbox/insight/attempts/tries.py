"""Facts about each try: when it was, how far it got, and the reply by which it failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from inbox.explain.stories import Attempt
from inbox.insight.attempts.candidates import TAKEN, Candidate
from inbox.mailbox import transcripts
from inbox.models import Exchange, Transaction

_STEPS = 50_000  # exchanges that may be stepped over to find replies


def as_attempt(one: Candidate, refusal: Exchange | None, likely: bool) -> Attempt:
    row = one.row
    opened_at = row.session.opened_at
    taken = row.outcome in TAKEN and not row.recipients_refused
    refused = None if taken else refusal
    failed = refused or one.lost
    return Attempt(
        started_at=_moment(opened_at, row.started_us),
        ended_at=None if row.ended_us is None else _moment(opened_at, row.ended_us),
        session=row.session_id,
        transaction=row.pk,
        message=one.message,
        seq=failed.seq if failed else None,
        outcome=row.outcome,
        code=row.code,
        stage=_stage(one, refused),
        reply=refused.reply if refused else "",
        recipients=row.recipients_accepted + row.recipients_refused,
        refused=row.recipients_refused,
        octets=one.body.size,
        likely=likely,
        ending=row.session.ending or "",
        rule=failed.rule if failed else "",
        unheard=one.lost is not None,
    )


def refusals(rows: Iterable[Transaction]) -> dict[UUID, Exchange]:
    """Return the last line of each transaction that was refused, in bounded time."""
    wanted = list(_within_bounds(rows))
    lines = Exchange.objects.filter(
        session_id__in={each.session_id for each in wanted},
        transaction_id__in={each.pk for each in wanted},
        code__gte=400,
    ).order_by("session_id", "seq")
    found = transcripts.loaded(lines)
    return {each.transaction_id: each for each in found if each.transaction_id}


def _within_bounds(rows: Iterable[Transaction]) -> Iterator[Transaction]:
    sessions: set[UUID] = set()
    steps = 0
    for row in rows:
        if row.outcome in TAKEN and not row.recipients_refused:
            continue
        if row.session_id not in sessions:
            sessions.add(row.session_id)
            steps += row.session.exchanges
        if steps > _STEPS:
            return
        yield row


def _stage(one: Candidate, refusal: Exchange | None) -> str:
    if refusal is not None:
        return refusal.verb if refusal.kind == "command" else ""
    return "" if one.body.size is not None or one.row.recipients_accepted else "RCPT"


def _moment(opened_at: datetime, us: int) -> datetime:
    return opened_at + timedelta(microseconds=us)
