"""The outcome of sessions, beyond what their own rows say.

Takes sessions that were read within a scope. A list of them costs six queries at
most, whatever its length; those where all went well are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from inbox import pages
from inbox.explain.outcomes import NOTHING_MORE, Facts
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Recipient, Session, Transaction

_BODIES = ("body", "chunk")


def of(sessions: Sequence[Session]) -> dict[UUID, Facts]:
    """Return the facts of each session, by its id."""
    refused = [each.id for each in sessions if each.refused]
    broken = [each.id for each in sessions if each.ending != "quit"]
    transactions = _transactions(refused)
    codes = _recipient_codes(refused)
    lasts = _last_exchanges(broken)
    chunks = _chunks(lasts.values())
    facts: dict[UUID, Facts] = defaultdict(lambda: NOTHING_MORE)
    for key in {*refused, *broken}:
        counts, last = transactions.get(key, _Counts()), lasts.get(key)
        unfinished = last is not None and last.kind in _BODIES and not last.code
        facts[key] = Facts(
            recipients=counts.recipients,
            recipients_refused=counts.recipients_refused,
            recipient_code=codes.get(key),
            not_accepted=counts.not_accepted,
            not_accepted_code=counts.not_accepted_code,
            body_octets=chunks.get(key, last.octets) if last and unfinished else None,
            flags=frozenset(last.flags.split()) if last else frozenset(),
            last_us=(last.replied_us or last.received_us) if last else 0,
        )
    return facts


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of a session's transactions."""

    recipients: int = 0
    recipients_refused: int = 0
    not_accepted: int = 0
    not_accepted_code: int | None = None


def _transactions(sessions: list[UUID]) -> dict[UUID, _Counts]:
    rejected = Q(outcome="rejected", recipients_accepted__gt=0)
    rows = (
        Transaction.objects.filter(session_id__in=sessions)
        .values_list("session_id")
        .annotate(
            asked=Sum(F("recipients_accepted") + F("recipients_refused"), default=0),
            refused=Sum("recipients_refused", default=0),
            rejected=Count("id", filter=rejected),
            worst=Max("code", filter=rejected),
        )
    )
    return {session: _Counts(*counts) for session, *counts in rows}


def _recipient_codes(sessions: list[UUID]) -> dict[UUID, int]:
    """Return the worst code that a recipient of each session was refused with."""
    rows = (
        Recipient.objects.filter(
            transaction__session_id__in=sessions, rcpt_code__gte=400
        )
        .values_list("transaction__session_id")
        .annotate(worst=Max("rcpt_code"))
    )
    return dict(rows)


def _last_exchanges(sessions: list[UUID]) -> dict[UUID, Exchange]:
    last = Exchange.objects.filter(session_id=OuterRef("id")).order_by("-seq")
    keys = (
        Session.objects.filter(id__in=sessions)
        .annotate(last=Subquery(last.values("seq")[:1]))
        .filter(last__isnull=False)
        .values_list("id", "last")
    )
    found = Exchange.objects.filter(pk__in=list(keys))
    return {each.session_id: each for each in found}


def _chunks(lasts: Iterable[Exchange]) -> dict[UUID, int]:
    """Return how much of a message had come where the last exchange is a chunk of it."""
    cut = [each for each in lasts if each.kind == "chunk" and not each.code]
    if not cut:
        return {}
    rows = (
        Exchange.objects.filter(
            session_id__in=[each.session_id for each in cut],
            transaction_id__in=[each.transaction_id for each in cut],
            kind="chunk",
        )
        .values_list("session_id")
        .annotate(Sum("octets"))
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a body's transaction is shown, and under which name."""

    url: str
    name: str


def links(scope: Scope, exchanges: Iterable[Exchange]) -> dict[UUID, Link]:
    """Return where to open the bodies among these exchanges, by transaction."""
    wanted = {
        each.transaction_id
        for each in exchanges
        if each.kind in _BODIES and each.transaction_id
    }
    rows = (
        Transaction.objects.filter(scope.q(), id__in=wanted)
        .exclude(outcome=None)
        .annotate(shown=Coalesce("message__id", "id"), subject=F("message__subject"))
        .exclude(message__deleted_at__isnull=False)
        .values_list("id", "shown", "subject")
    )
    return {
        key: Link(pages.path("message", shown), subject or "")
        for key, shown, subject in rows
    }
