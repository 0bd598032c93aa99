"""Facts about sessions that are not in their own rows: their failures and envelopes.

The sessions must have been read within a scope. A list of any length takes at most nine
queries; one query if all went well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from inbox import pages
from inbox.explain import causes
from inbox.explain.causes import RefusalPlace
from inbox.explain.outcomes import NOTHING_MORE, Facts, FirstEnvelope
from inbox.insight import mail_refusals
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Recipient, Session, Transaction

_BODIES = ("body", "chunk")
_LOOKED_AT = 2000  # exchanges of a session that are searched for its first refusal


def of(sessions: Sequence[Session]) -> dict[UUID, Facts]:
    """Return the facts of each session, by its id."""
    broken = [each.id for each in sessions if each.ending != "quit"]
    refusals = _refusals([each for each in sessions if each.refused])
    edges = _edges([each.id for each in sessions])
    lasts = _last_exchanges(broken, edges)
    bodies = _unfinished(lasts)
    chunks = _chunks(bodies.values())
    sent = _sent([each for each in sessions if each.ending == "turned"])
    facts: dict[UUID, Facts] = defaultdict(lambda: NOTHING_MORE)
    for key, edge in edges.items():
        refused = refusals.get(key, _NOT_REFUSED)
        last, body = lasts.get(key), bodies.get(key)
        ends = [each for each in (body, last) if each]
        facts[key] = Facts(
            refusal=refused.exchange,
            refused=refused.number,
            envelope=edge.envelope(refused.exchange),
            unseen=refused.unseen,
            body_octets=_octets(body, chunks) if body else None,
            last_line=last.line if last and last.kind == "notice" else "",
            flags=frozenset(flag for each in ends for flag in each.flags.split()),
            last_seq=ends[0].seq if ends else 0,
            last_us=(last.replied_us or last.received_us) if last else 0,
            discarded=edge.discarded,
            sent=sent.get(key),
        )
    return facts


def _unfinished(lasts: dict[UUID, Exchange]) -> dict[UUID, Exchange]:
    """Return the bodies that did not end, by session: a notice can follow one."""
    before = [
        (key, last.seq - 1) for key, last in lasts.items() if last.kind == "notice"
    ]
    found = Exchange.objects.filter(pk__in=before) if before else ()
    ends = lasts | {each.session_id: each for each in found}
    return {key: each for key, each in ends.items() if _is_unfinished(each)}


def _is_unfinished(exchange: Exchange) -> bool:
    """Whether it is an unfinished body, or a 354 without a body."""
    if exchange.kind not in _BODIES:
        return exchange.code == 354
    return not exchange.code or "aborted_in_data" in exchange.flags.split()


def _octets(body: Exchange, chunks: dict[UUID, int]) -> int:
    return 0 if body.code == 354 else chunks.get(body.session_id, body.octets)


@dataclass(frozen=True, slots=True)
class _Refused:
    """The decisive refusal, and the number of its kind (0: many).

    unseen: there was one, but not among the exchanges that are read.
    """

    exchange: Exchange | None = None
    number: int = 1
    unseen: bool = False


_NOT_REFUSED = _Refused()


def _refusals(sessions: Sequence[Session]) -> dict[UUID, _Refused]:
    """Return the refusal that decided the outcome of each session."""
    rows = (
        Exchange.objects.filter(
            session_id__in=[each.id for each in sessions],
            seq__lte=_LOOKED_AT,
            code__gte=400,
            direction=F("session__direction"),
        )
        .values_list("session_id", "kind", "verb")
        .annotate(Min("seq"), Count("seq"))
        .order_by()
    )
    first: dict[UUID, dict[RefusalPlace, int]] = defaultdict(dict)
    numbers: dict[tuple[UUID, int], int] = {}
    for session, kind, verb, seq, number in rows:
        first[session][RefusalPlace(kind, verb)] = seq
        numbers[session, seq] = number
    chosen = {
        (each.id, first[each.id][place]): each
        for each in sessions
        if each.id in first and (place := causes.deciding(first[each.id], each))
    }
    for key, session in chosen.items():
        if session.exchanges > _LOOKED_AT and numbers[key] > 1:
            numbers[key] = 0
    found = Exchange.objects.filter(pk__in=list(chosen)) if chosen else ()
    unseen = [each.id for each in sessions if each.id not in first]
    return {
        **{each.session_id: _Refused(each, numbers[each.pk]) for each in found},
        **dict.fromkeys(unseen, _Refused(unseen=True)),
    }


@dataclass(frozen=True, slots=True)
class _Edges:
    """The seq of a session's last exchange, and its first envelope."""

    last: int | None
    sender: str | None
    recipient: str | None
    recipients: int | None
    discarded: int  # messages

    def envelope(self, refusal: Exchange | None) -> FirstEnvelope:
        """Return the envelope; for a refused MAIL, its sender."""
        sender = self.sender or ("" if self.sender is None else "<>")
        if self.sender is None and refusal is not None and refusal.verb == "MAIL":
            sender = mail_refusals.sender(refusal) or ""
        more = max(0, (self.recipients or 0) - 1)
        return FirstEnvelope(sender, self.recipient or "", more)


def _edges(sessions: list[UUID]) -> dict[UUID, _Edges]:
    own = {"session_id": OuterRef("id")}
    last = Exchange.objects.filter(**own).order_by("-seq")
    first = Transaction.objects.filter(**own, seq=1)
    named = Recipient.objects.filter(
        transaction__session_id=OuterRef("id"), transaction__seq=1, seq=1
    )
    discarded = Transaction.objects.filter(**own, outcome="discarded").order_by()
    asked = F("recipients_accepted") + F("recipients_refused")
    rows = Session.objects.filter(id__in=sessions).values_list(
        "id",
        Subquery(last.values("seq")[:1]),
        Subquery(first.values("reverse_path")[:1]),
        Subquery(named.values("forward_path")[:1]),
        Subquery(first.annotate(asked=asked).values("asked")[:1]),
        Coalesce(
            Subquery(
                discarded.values("session_id").annotate(n=Count("pk")).values("n")[:1]
            ),
            0,
        ),
    )
    return {key: _Edges(*edges) for key, *edges in rows.order_by()}


def _last_exchanges(
    broken: list[UUID], edges: dict[UUID, _Edges]
) -> dict[UUID, Exchange]:
    keys = [
        (key, edges[key].last) for key in broken if key in edges and edges[key].last
    ]
    found = Exchange.objects.filter(pk__in=keys) if keys else ()
    return {each.session_id: each for each in found}


def _chunks(bodies: Iterable[Exchange]) -> dict[UUID, int]:
    """Return the octets that had arrived of a message in chunks, by session."""
    cut = [each for each in bodies if each.kind == "chunk"]
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


def _sent(turned: Iterable[Session]) -> dict[UUID, int]:
    """Return the number of messages sent to a server with reversed roles, by session.

    It is unknown for a session with more exchanges than are read.
    """
    sent = {each.id: 0 for each in turned if each.exchanges <= _LOOKED_AT}
    if not sent:
        return {}
    last = Q(kind="body") | Q(kind="chunk", line__endswith=" LAST")
    taken = Exchange.objects.filter(
        last, session_id__in=list(sent), direction="out", code__range=(200, 299)
    )
    counts = taken.values_list("session_id").annotate(Count("seq")).order_by()
    return sent | dict(counts)


@dataclass(frozen=True, slots=True)
class Link:
    """The page that shows a body's transaction, and its name."""

    url: str
    name: str


def links(scope: Scope, exchanges: Iterable[Exchange]) -> dict[UUID, Link]:
    """Return the pages of the bodies among these exchanges, by transaction."""
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
