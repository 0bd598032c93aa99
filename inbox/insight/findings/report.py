"""Findings about the client of a session or of a message, or from a single line.

The arguments must have been read within a scope. The numbers of queries and of octets
read are limited, however long the session is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from inbox.explain.severity import COUNTED, Severity
from inbox.insight.findings import clients, long_lines, memory, mutes
from inbox.insight.findings.body_signs import BodySpot
from inbox.insight.findings.circumstances import weigh
from inbox.insight.findings.clients import KnownClient
from inbox.insight.findings.finding_kinds import KINDS, FindingKind
from inbox.insight.findings.fixes import fix
from inbox.insight.findings.long_lines import Line
from inbox.insight.findings.session_evidence import (
    SessionEvidence,
    gather,
    repeated_transactions,
)
from inbox.insight.findings.severity_in_session import severity
from inbox.insight.findings.used_extensions import NONE_OFFERED, Extensions, used
from inbox.insight.findings.wire import HELLOS, WirePlace, ends_body, places
from inbox.mailbox import transcripts
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import BodyFinding, Exchange, Mute, Raw, Session
from inbox.storage import body_store

PLACES = 10  # named places of each kind
_COUNTED_AT_ONCE = 50_000  # exchanges of the sessions in a list
_ROWS = 500  # lines that are read for their places
_UNREMARKABLE = ("", "pipelined")  # flags of lines without a fault
_GRAVEST: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of finding. count: how often it was found; places: the first ones"""

    kind: FindingKind
    severity: Severity
    sentence: str
    fix: str
    count: int
    places: tuple[WirePlace, ...]
    mute: Mute | None = None

    @property
    def is_counted(self) -> bool:
        return self.severity in COUNTED and self.mute is None


@dataclass(frozen=True)
class FindingsReport:
    """Findings, the most severe first."""

    client: KnownClient
    findings: tuple[Finding, ...]
    extensions: Extensions = NONE_OFFERED

    @cached_property
    def counted(self) -> list[Finding]:
        return [each for each in self.findings if each.is_counted]

    @cached_property
    def muted(self) -> list[Finding]:
        return [
            each for each in self.findings if each.mute and each.severity in COUNTED
        ]

    @cached_property
    def facts(self) -> list[Finding]:
        return [each for each in self.findings if each.severity not in COUNTED]


def counts(sessions: Sequence[Session]) -> dict[UUID, int]:
    """Return the number of counted kinds in each session, by its id.

    Only a few very long sessions are counted at a time; the others are 0 until the next
    call.
    """
    return _counts(sessions, _evidence(_affordable(sessions)))


def count(session: Session, found: SessionEvidence) -> int:
    """Return the number of counted kinds in a session."""
    return _counts([session], {session.id: found})[session.id]


def _counts(
    sessions: Sequence[Session], found: Mapping[UUID, SessionEvidence]
) -> dict[UUID, int]:
    muted = mutes.of_inboxes({each.inbox_id for each in sessions if each.inbox_id})
    return {
        each.id: sum(
            _severity(each, kind, found[each.id]) in COUNTED
            and (each.inbox_id, kind) not in muted
            for kind in found[each.id].counts
        )
        if each.id in found
        else 0
        for each in sessions
    }


def _affordable(sessions: Sequence[Session]) -> Iterator[Session]:
    """Yield the cached sessions, and as many others as affordable, short ones first."""
    left = _COUNTED_AT_ONCE
    for each in sorted(sessions, key=lambda session: session.exchanges):
        if memory.recall(each) is None:
            left -= each.exchanges
            if left + each.exchanges < _COUNTED_AT_ONCE and left < 0:
                continue  # the first is counted whatever its length
        yield each


def _evidence(sessions: Iterable[Session]) -> dict[UUID, SessionEvidence]:
    """Return the evidence of each session, cached or gathered, by its id."""
    found: dict[UUID, SessionEvidence] = {}
    unknown = []
    for each in sessions:
        known = SessionEvidence() if each.has_no_client else memory.recall(each)
        if known is None:
            unknown.append(each)
        else:
            found[each.id] = known
    gathered = gather(unknown) if unknown else {}
    weigh(gathered, unknown)
    for each in unknown:
        memory.remember(each, gathered[each.id])
    return found | gathered


def evidence(session: Session) -> SessionEvidence:
    """Return the evidence of a session, to be shared within a request."""
    return _evidence([session])[session.id]


def client(session: Session) -> KnownClient:
    """Return the client of a session, recognised from its first lines and first body."""
    return _client(session, ())


def of_session(
    session: Session, found: SessionEvidence | None = None
) -> FindingsReport:
    """Return the findings about a session's client, up to now.

    found: the evidence, if it is known already
    """
    found = found or evidence(session)
    rows = _shown_rows(session, found)
    shown = places(rows, found.at, _spots(session, found, rows))
    known = _client(session, rows)
    findings = _findings(session, found, found.counts, shown, known, rows)
    return FindingsReport(known, findings, used(session, found))


def of_transaction(session: Session, transaction: TransactionSummary) -> FindingsReport:
    """Return the findings in the lines and the body of one transaction."""
    return _of_lines(session, transcripts.of_transaction(transaction))


def of_exchange(
    session: Session, exchange: Exchange, found: SessionEvidence | None = None
) -> FindingsReport:
    """Return the findings in one line of a session. found: as for a session"""
    return _of_lines(session, [exchange], found)


def marks(
    session: Session, lines: Sequence[Exchange], found: SessionEvidence | None = None
) -> dict[int, list[FindingKind]]:
    """Return the findings to mark lines of a transcript with, in addition to flags, by seq.

    found: as for a session
    """
    found = found or evidence(session)
    spots = _spots(session, found, lines)
    marked: dict[int, list[FindingKind]] = {}
    for name, shown in sorted(places(lines, found.at, spots).items()):
        if name in found.flags or _severity(session, name, found) not in COUNTED:
            continue
        for place in shown:
            marked.setdefault(place.seq, []).append(KINDS[name])
    return marked


def _of_lines(
    session: Session, lines: Sequence[Exchange], found: SessionEvidence | None = None
) -> FindingsReport:
    found = found or evidence(session)
    shown = places(lines, found.at, _spots(session, found, lines))
    known = _client(session, lines)
    number = {
        name: found.counts[name] if name in found.at else len(each)
        for name, each in shown.items()
    }
    return FindingsReport(known, _findings(session, found, number, shown, known, lines))


def _findings(
    session: Session,
    found: SessionEvidence,
    number: Mapping[str, int],
    shown: Mapping[str, Sequence[WirePlace]],
    client: KnownClient,
    rows: Sequence[Exchange],
) -> tuple[Finding, ...]:
    muted = mutes.of_inboxes({session.inbox_id} if session.inbox_id else set())
    findings = [
        Finding(
            kind=KINDS[name],
            severity=_severity(session, name, found),
            sentence=_(found.eased.get(name, KINDS[name].sentence)),
            fix=""
            if name in found.eased
            else fix(KINDS[name], client, _line(name, shown, rows)),
            count=count,
            places=tuple(shown.get(name, ())[:PLACES]),
            mute=muted.get((session.inbox_id or 0, name)),
        )
        for name, count in number.items()
        if name in KINDS
    ]
    return tuple(sorted(findings, key=_order))


def _line(
    name: str, shown: Mapping[str, Sequence[WirePlace]], rows: Iterable[Exchange]
) -> Line:
    """Return the kind of the first line that is too long, which decides the fix."""
    places = shown.get(name)
    if name != "long_line" or not places:
        return "text"
    sent = (row.transaction_id for row in rows if row.seq == places[0].seq)
    raw = Raw.objects.filter(pk=next(sent, None)).first()
    return long_lines.what(places[0], _start(raw))


def _order(finding: Finding) -> tuple[int, int, str]:
    first = finding.places[0].seq if finding.places else 0
    return _GRAVEST.index(finding.severity), first, finding.kind.name


def _severity(session: Session, kind: str, found: SessionEvidence) -> Severity:
    if kind in found.eased:
        return "info"
    count = found.counts[kind]
    where = session.listener, session.client_address
    return severity(kind, *where, count, found.offered_8bit)


def _shown_rows(session: Session, found: SessionEvidence) -> list[Exchange]:
    """Return the lines with the first places of all findings."""
    lines = Exchange.objects.filter(session=session, direction="in")
    seqs = set(found.at.values())
    if found.flags.difference(_UNREMARKABLE):
        # otherwise, a long session need not be read
        seqs |= _odd_lines(lines)
    hellos = lines.filter(verb__in=HELLOS).order_by("seq")
    seqs |= set(hellos.values_list("seq", flat=True)[:PLACES])
    if found.counts:
        seqs |= _ends_of_bodies(session, found)
    shown = lines.filter(seq__in=sorted(seqs)[:_ROWS]).order_by("seq")
    return transcripts.loaded(shown)


def _odd_lines(lines: QuerySet[Exchange]) -> set[int]:
    """Return the first line of each combination of flags and verb."""
    nth = Window(RowNumber(), partition_by=[F("flags"), F("verb")], order_by="seq")
    odd = lines.exclude(flags__in=_UNREMARKABLE).annotate(nth=nth)
    return set(odd.filter(nth__lte=PLACES).values_list("seq", flat=True))


def _ends_of_bodies(session: Session, found: SessionEvidence) -> set[int]:
    """Return the lines that ended a body with findings."""
    nth = Window(RowNumber(), partition_by=[F("kind")], order_by="transaction_id")
    rows = BodyFinding.objects.filter(transaction__session=session).annotate(nth=nth)
    shown = rows.filter(nth__lte=PLACES).values_list("transaction_id", flat=True)
    wanted = {*shown, *(id for id, spots in found.fresh.items() if spots)}
    if "transaction_per_recipient" in found.counts:
        wanted |= set(islice(repeated_transactions(session), PLACES))
    if not wanted:
        return set()
    ends = Exchange.objects.filter(
        session=session, transaction_id__in=wanted, kind__in=("body", "chunk")
    )
    return {row.seq for row in ends.order_by("seq") if ends_body(row)}


def _spots(
    session: Session, found: SessionEvidence, rows: Iterable[Exchange]
) -> dict[UUID, list[BodySpot]]:
    """Return the findings in the bodies that these lines sent, by transaction."""
    transactions = {row.transaction_id for row in rows if row.transaction_id}
    spots = {id: found.fresh[id] for id in transactions & found.fresh.keys()}
    indexed = transactions - found.fresh.keys()
    for each in BodyFinding.objects.filter(transaction_id__in=indexed):
        spot = BodySpot(each.kind, each.offset, each.octets)
        spots.setdefault(each.transaction_id, []).append(spot)
    if "transaction_per_recipient" in found.counts:
        for id in transactions.intersection(repeated_transactions(session)):
            spots.setdefault(id, []).append(BodySpot("transaction_per_recipient"))
    return spots


def _client(session: Session, rows: Iterable[Exchange]) -> KnownClient:
    """Recognise the client from its first lines, and the header of the first available body."""
    first = Exchange.objects.filter(session=session, direction="in", kind="command")
    lines = first.order_by("seq").values_list("line", flat=True)[: clients.LINES]
    return clients.recognise(list(lines), _head(session, rows))


def _head(session: Session, rows: Iterable[Exchange]) -> bytes:
    chosen = next((row.transaction_id for row in rows if row.transaction_id), None)
    raws = Raw.objects.filter(transaction__session=session)
    raw = raws.filter(pk=chosen).first() if chosen else None
    first = raws.filter(transaction__seq__lte=PLACES).order_by("transaction__seq")
    return _start(raw or first.first())


def _start(raw: Raw | None) -> bytes:
    """Return the first octets of a body; none if there is no body."""
    if raw is None:
        return b""
    try:
        return body_store.read_start(raw, clients.HEAD)
    except OSError:  # the transcript is shown all the same
        return b""
