"""Facts about each attempt: its time, how far it got, and the reply that refused it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from inbox.explain.attempt_history import Attempt
from inbox.insight.attempts.candidates import Candidate
from inbox.mailbox import transcripts
from inbox.models import Exchange, Transaction
from inbox.models.session import TAKEN

_STEPS = 50_000  # exchanges that may be skipped to find replies


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
        code=refused.code if refused and not row.recipients_accepted else row.code,
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
    """Return the line that refused each transaction, in limited time.

    It is the last refused line; but if no recipient was accepted, a recipient's: a
    pipelining client also gets "no valid recipients" for DATA (RFC 2920 §3.1).
    """
    wanted = list(_within_bounds(rows))
    lines = Exchange.objects.filter(
        session_id__in={each.session_id for each in wanted},
        transaction_id__in={each.pk for each in wanted},
        code__gte=400,
    ).order_by("session_id", "seq")
    nobody = {each.pk for each in wanted if not each.recipients_accepted}
    found: dict[UUID, Exchange] = {}
    for each in transcripts.loaded(lines):
        key = each.transaction_id
        if key is not None and not (key in nobody and _decides(found.get(key), each)):
            found[key] = each
    return found


def _decides(before: Exchange | None, line: Exchange) -> bool:
    """Whether an earlier line explains the failure better than this one."""
    if before is None or before.verb != "RCPT":
        return False
    permanent, temporary = (line.code or 0) >= 500, (before.code or 0) < 500
    return line.verb != "RCPT" or (permanent and temporary)


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
