"""Sessions, for their pages: a row of a list, and the head of a transcript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from inbox import explain, pages
from inbox.explain import framework_terms
from inbox.explain.outcomes import NOBODY, Facts, FirstEnvelope, peer
from inbox.explain.quantities import counted, duration, stopwatch
from inbox.insight import findings, session_facts, timeline
from inbox.insight.findings import SessionEvidence
from inbox.insight.timeline import Timeline
from inbox.models import Session
from inbox.policy import starttls
from inbox.presenters.transcript import Picture, picture
from inbox.search.probes import hour
from mailsink.smtp.listener_kinds import LISTENER_KINDS


@dataclass(frozen=True, slots=True)
class SessionListRow:
    """A session in a list."""

    id: UUID | None
    url: str
    peer: str
    client: str  # its address, and its notable features: "10.0.0.2 · TLS 1.3"
    envelope: FirstEnvelope
    said: str
    opened_at: datetime | None
    live: bool
    tone: str
    took: str
    elapsed: int  # seconds since it opened
    elapsed_words: str
    findings: str  # "1 finding"; "" for none
    # the probes in its hour, if it stands for them; "": it is no probe
    probes: str = ""


# A script shows this for a new session, until its row is made.
SKETCH = SessionListRow(
    id=None, url="", peer="", client="", envelope=NOBODY, said="…", opened_at=None,
    live=True, tone="ok", took="", elapsed=0, elapsed_words=stopwatch(0), findings="",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionChip:
    """A fact about a session, in a few words."""

    text: str
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A fix as a framework's setting."""

    framework: str  # value of its radio button
    name: str
    text: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a session's page, above the transcript."""

    title: str
    failed_at: int | None  # seq of the line that shows why it failed, or None
    chips: list[SessionChip]
    state: str
    quiet: int  # seconds since the last line
    quiet_words: str
    ended: str  # how it ended, in a sentence; "" while it is live
    diagnosis: explain.Diagnosis | None
    settings: list[Setting]  # the fix for each framework
    picture: Picture | None  # of its time; None if it lasted only a moment
    id: UUID
    client: str  # its address
    helo: str
    withheld: bool  # STARTTLS, from its next session


def rows(
    found: Sequence[Session], probes: Mapping[UUID, int] | None = None
) -> list[SessionListRow]:
    """Return the rows of a list. probes: the number that each probe stands for, by id"""
    if not found:
        return []  # common for live sessions: it saves the queries
    facts = session_facts.of(found)
    counts = findings.counts(found)
    now = datetime.now(UTC)
    listed = [_row(each, facts[each.id], counts[each.id], now) for each in found]
    if not probes:
        return listed
    return [
        _folded(row, each, probes[each.pk]) if each.pk in probes else row
        for row, each in zip(listed, found, strict=True)
    ]


def _folded(row: SessionListRow, session: Session, number: int) -> SessionListRow:
    """Return the row of a probe as that of all probes of its hour, with a link to them."""
    start, end = hour(session)
    kept = f"{session.client_address} {session.inbox_id} {start:%Y-%m-%dT%H}"
    if number == 1:
        return replace(row, probes=kept)
    q = f'is:probe client:"{session.client_address}" after:{start:%Y-%m-%dT%H:%MZ} before:{end:%Y-%m-%dT%H:%MZ}'
    said = _("%(number)s connections without a command in this hour")
    return replace(
        row,
        probes=kept,
        url=pages.path("sessions", q=q),
        said=said % {"number": f"{number:,}"},
        took="",
    )


def _row(
    session: Session,
    facts: Facts,
    count: int,
    now: datetime,
) -> SessionListRow:
    elapsed = int((now - session.opened_at).total_seconds())
    return SessionListRow(
        id=session.id,
        url=session.get_absolute_url(),
        peer=peer(session),
        client=_client(session),
        envelope=facts.envelope,
        said=explain.outcome(session, facts),
        opened_at=session.opened_at,
        live=session.ending is None,
        tone=explain.tone(session, facts) or ("ok" if session.ending is None else ""),
        took=_took(session),
        elapsed=elapsed,
        elapsed_words=stopwatch(elapsed),
        findings=counted(count, "finding") if count else "",
    )


def _client(session: Session) -> str:
    """Return the facts about the client next to its name; none for plain SMTP."""
    if session.direction == "out":
        return " · ".join(filter(None, (_("outgoing"), _tls(session))))
    address = session.client_address
    kind = _label(session) if session.listener_kind != "smtp" else ""
    parts = (address if peer(session) != address else "", kind, _tls(session))
    return " · ".join(filter(None, parts))


def head(session: Session, evidence: SessionEvidence) -> Head:
    """Return the head of a session's page. evidence: of its findings"""
    facts = session_facts.of([session])[session.id]
    session_timeline = timeline.of(session)
    since_open = (datetime.now(UTC) - session.opened_at).total_seconds()
    quiet = max(0, int(since_open - facts.last_us / 1_000_000))
    diagnosis = explain.diagnose(session, facts)
    return Head(
        title=explain.headline(session, facts),
        failed_at=_failed_at(session, facts),
        chips=list(_chips(session, facts, session_timeline, evidence)),
        state=explain.state(session, facts),
        quiet=quiet,
        quiet_words=stopwatch(quiet),
        ended=_ending(session, facts),
        diagnosis=diagnosis,
        settings=_settings(session, diagnosis),
        picture=picture(session, session_timeline),
        id=session.id,
        client=session.client_address,
        helo=session.helo,
        withheld=session.direction == "in"
        and starttls.is_withheld(session.client_address, session.helo),
    )


def _ending(session: Session, facts: Facts) -> str:
    if session.is_internal:
        return _("Made by Mailsink: there is no SMTP session.")
    if session.has_no_client:
        return _("Imported: there is no SMTP session.")
    return explain.ending(session, facts)


def _settings(session: Session, diagnosis: explain.Diagnosis | None) -> list[Setting]:
    """Return the fix as settings; the client's framework is selected, if known."""
    known = framework_terms.settings(diagnosis.topic) if diagnosis else []
    if not known:
        return []
    values = [value for value, _name, _text in known]
    library = findings.client(session)
    own = framework_terms.of_library(library.key)
    shown = own if own in values else values[0]
    return [Setting(value, name, text, value == shown) for value, name, text in known]


def _failed_at(session: Session, facts: Facts) -> int | None:
    if session.ending is None:
        return None
    return explain.decisive_line(facts) if explain.tone(session, facts) else None


def _chips(
    session: Session,
    facts: Facts,
    session_timeline: Timeline,
    evidence: SessionEvidence,
) -> Iterator[SessionChip]:
    if session.has_no_client:
        return
    yield SessionChip(f"{session.client_address}:{session.client_port}")
    yield SessionChip(_protocol(session))
    yield SessionChip(_way(session))
    if session.auth_mechanism:
        user = session.auth_username or _("(no user name)")
        values = {"auth_mechanism": session.auth_mechanism, "user": user}
        yield SessionChip(_("AUTH %(auth_mechanism)s %(user)s") % values)
    if took := _took(session):
        yield SessionChip(took)
    if session_timeline.rule:
        rule = {"rule": session_timeline.rule}
        yield SessionChip(_("rule “%(rule)s”") % rule, "rule")
    if words := explain.cause(session, facts):
        seq = explain.decisive_line(facts)
        url = pages.line(session.id, seq) if seq else ""
        yield SessionChip(words, explain.tone(session, facts), url)
    if count := findings.count(session, evidence):
        url = pages.path("session", session.id, panel="findings")
        yield SessionChip(counted(count, "finding"), "warning", url)


def _way(session: Session) -> str:
    """Return the listener of a session: "via port 1025"."""
    port = session.listener.rpartition(":")[2]
    if session.direction == "out":
        return _("outgoing")
    if session.listener_kind == "smtp":
        return _("via port %(port)s") % {"port": port}
    values = {"kind": _label(session), "port": port}
    return _("via %(kind)s port %(port)s") % values


def _protocol(session: Session) -> str:
    """Return the protocol; and the kind of listener, if it differs."""
    shown = session.listener_kind in ("smtps", "submission")
    kind = _label(session) if shown else ""
    return " · ".join(filter(None, (kind, session.protocol, _tls(session))))


def _tls(session: Session) -> str:
    return session.tls_version.replace("TLSv", "TLS ")


def _label(session: Session) -> str:
    return LISTENER_KINDS[session.listener_kind].label


def _took(session: Session) -> str:
    if session.closed_at is None:
        return ""
    seconds = (session.closed_at - session.opened_at).total_seconds()
    return duration(int(seconds * 1_000_000))
