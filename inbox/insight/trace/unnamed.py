"""Evidence from sessions without a recipient: those that failed before any valid RCPT.

Such a session may have been for any address. If its lines contain the address all the
same (a pipelined RCPT after a refused MAIL), it was for this one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from inbox.explain.evidence import Evidence, EvidenceKind
from inbox.explain.outcomes import outcome, peer
from inbox.insight import session_facts
from inbox.insight.trace.whole import names
from inbox.mailbox.scope import Scope
from inbox.mailbox.sessions import of_wire
from inbox.models import Exchange, Recipient, Session
from inbox.search.sql import has

_CONNECTIONS = 200  # recent ones that are read
_SESSIONS = 20  # of these, the ones without a recipient
_MOST = 5  # of these, the ones that are shown
_WITHIN = timedelta(hours=24)
_LINES = 500  # of a session, which are searched


def find(
    sessions: list[Session], address: str, since: datetime | None
) -> list[Evidence]:
    """Return the evidence of these sessions (from `recent`) that began after `since`."""
    sessions = [each for each in sessions if since is None or each.opened_at > since]
    named = _lines(sessions, address)
    rest = [each for each in sessions if each.pk not in named]
    facts = session_facts.of(rest[:_MOST])
    return [
        *(_refused(each, named[each.pk]) for each in sessions if each.pk in named),
        *(_unnamed(each, outcome(each, facts[each.pk])) for each in rest[:_MOST]),
    ]


def refused(sessions: list[Session], address: str) -> list[Session]:
    """Return the sessions in which a MAIL with the address was refused."""
    named = _lines(sessions, address, "MAIL")
    return [each for each in sessions if each.pk in named]


def recent(scope: Scope) -> list[Session]:
    """Return the newest sessions without a recipient."""
    newest = of_wire(scope).filter(direction="in").order_by("-pk")
    ids = list(newest.values_list("pk", flat=True)[:_CONNECTIONS])
    named = Recipient.objects.filter(transaction__session=OuterRef("pk"))
    # A client that connects and leaves without a command is a monitor.
    harmless = Q(ending="quit", refused=0) | Q(ending="dropped", last_verb="")
    since = datetime.now(UTC) - _WITHIN
    rows = Session.objects.filter(~Exists(named), pk__in=ids, opened_at__gt=since)
    return list(rows.exclude(harmless).order_by("-pk")[:_SESSIONS])


def _lines(
    sessions: list[Session], address: str, verb: str = "RCPT"
) -> dict[object, Exchange]:
    """Return the RCPT (or MAIL) that contains the address all the same, by session."""
    short = [each.pk for each in sessions if each.exchanges <= _LINES]
    rows = Exchange.objects.filter(
        has("line", address), session_id__in=short, verb=verb, direction="in"
    )
    return {
        each.session_id: each
        for each in islice(rows.order_by("session_id", "seq"), 4 * _SESSIONS)
        if names(each.line, address)
    }


def _refused(session: Session, line: Exchange) -> Evidence:
    unanswered: EvidenceKind = "open" if session.ending is None else "abandoned"
    return Evidence(
        kind="refused" if line.code else unanswered,
        at=session.opened_at + timedelta(microseconds=line.received_us),
        peer=peer(session),
        code=line.code,
        reply=line.reply,
        rule=line.rule,
        ending=session.ending or "",
        session=session.pk,
        seq=line.seq,
    )


def _unnamed(session: Session, said: str) -> Evidence:
    return Evidence(
        kind="unnamed",
        at=session.opened_at,
        peer=peer(session),
        said=said,
        code=session.worst_code,
        session=session.pk,
    )
