"""Refused MAIL commands: attempts that never became a transaction.

Each belongs to the next transaction of the same client or user with the same sender,
within 24 hours. Only the sessions nearest in time are searched, which limits the time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from inbox.explain.attempt_history import Attempt
from inbox.explain.inputs import Linelike
from inbox.mailbox import transcripts
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Session, Transaction
from inbox.models.session import WITHOUT_CLIENT
from mailsink.ids import first_at, made_at

WITHIN = 24 * 3600  # seconds
_SESSIONS = 200  # sessions that are searched
_TRANSACTIONS = 2000
_STEPS = 20_000  # exchanges that may be skipped

_PATH = re.compile(r"FROM:\s*<([^<>]*)>", re.IGNORECASE)


def is_one(exchange: Exchange) -> bool:
    """Whether an exchange is a refused MAIL."""
    return exchange.verb == "MAIL" and (exchange.code or 0) >= 400


def sender(exchange: Linelike) -> str | None:
    """Return the reverse-path of a MAIL; None if it is unreadable."""
    match = _PATH.search(exchange.line)
    return match[1] if match else None


def as_attempt(session: Session, exchange: Exchange) -> Attempt:
    """Return a refused MAIL as an attempt at a message."""
    at = _moment(session, exchange.received_us)
    replied = exchange.replied_us
    return Attempt(
        started_at=at,
        ended_at=at if replied is None else _moment(session, replied),
        session=session.pk,
        transaction=None,
        seq=exchange.seq,
        outcome="rejected",
        code=exchange.code,
        stage="MAIL",
        reply=exchange.reply,
        rule=exchange.rule,
    )


def following(scope: Scope, session: Session, exchange: Exchange) -> UUID | None:
    """Return the transaction to which a refused MAIL belongs, or None."""
    path = sender(exchange)
    if path is None:
        return None
    at = _moment(session, exchange.received_us).timestamp()
    since, until = first_at(at), first_at(at + WITHIN)
    rows = Transaction.objects.filter(scope.q(), pk__range=(since, until))
    oldest = list(rows.order_by("pk").values_list("pk", flat=True)[:_TRANSACTIONS])
    mine = Transaction.objects.filter(
        same_client(session, "session__"), pk__in=oldest, reverse_path__iexact=path
    )
    return mine.order_by("pk").values_list("pk", flat=True).first()


def belonging_to(
    scope: Scope, asked: Transaction, transactions: Collection[UUID]
) -> list[Attempt]:
    """Return the refused MAILs that belong to these transactions.

    asked: one of them; all have its client and sender.
    """
    sessions = _sessions(scope, asked.session, max(transactions))
    refusals = [
        (session, line)
        for session, line in _refused(sessions.filter(refused__gt=0))
        if (sender(line) or "").lower() == asked.reverse_path.lower()
    ]
    if not refusals:
        return []
    rows = Transaction.objects.filter(
        scope.q(),
        session_id__in=list(sessions.values_list("pk", flat=True)),
        reverse_path__iexact=asked.reverse_path,
    )
    newest = rows.order_by("-pk").values_list("pk", flat=True)[:_TRANSACTIONS]
    began = sorted({*newest, *transactions})
    found = []
    for session, line in refusals:
        at = _moment(session, line.received_us).timestamp()
        next_one = bisect_left(began, first_at(at))
        if next_one < len(began) and began[next_one] in transactions:
            found.append(as_attempt(session, line))
    return found


def same_client(session: Session, prefix: str = "") -> Q:
    """Return the condition for sessions of the same client, by address and name, or user.

    Imports never match: they have no client.
    """
    address = {f"{prefix}client_address": session.client_address}
    same = Q(**address, **{f"{prefix}helo": session.helo})
    if session.auth_username:
        same |= Q(**{f"{prefix}auth_username": session.auth_username})
    return same & ~Q(**{f"{prefix}listener_kind__in": WITHOUT_CLIENT})


def _sessions(scope: Scope, session: Session, last: UUID) -> QuerySet[Session]:
    """Return the client's sessions of the day before the last transaction began."""
    since = first_at(made_at(last) - WITHIN)
    rows = Session.objects.filter(scope.q(), pk__range=(since, last))
    nearest = rows.order_by("-pk").values_list("pk", flat=True)[:_SESSIONS]
    mine = Session.objects.filter(same_client(session), pk__in=list(nearest))
    return mine.order_by("-pk")


def _refused(sessions: Iterable[Session]) -> Iterator[tuple[Session, Exchange]]:
    """Yield the refused MAILs of the sessions, as far as time permits."""
    wanted: dict[UUID, Session] = {}
    steps = 0
    for each in sessions:
        steps += each.exchanges
        if steps > _STEPS:
            break
        wanted[each.pk] = each
    lines = Exchange.objects.filter(
        session_id__in=wanted, verb="MAIL", code__gte=400, direction="in"
    )
    for line in transcripts.loaded(lines):
        yield wanted[line.session_id], line


def _moment(session: Session, us: int) -> datetime:
    return session.opened_at + timedelta(microseconds=us)
