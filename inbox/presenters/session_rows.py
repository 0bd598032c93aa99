"""Sessions as their pages show them: a row of a list, and what stands above a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from inbox import explain, pages
from inbox.explain.outcomes import peer
from inbox.explain.quantities import counted, duration, stopwatch
from inbox.explain.reply_codes import tone
from inbox.insight import findings, session_facts, timeline
from inbox.insight.timeline import Timeline
from inbox.models import Session
from inbox.policy import starttls
from inbox.presenters.transcript import Picture, picture
from mailsink.smtp.listener_kinds import LISTENER_KINDS


@dataclass(frozen=True, slots=True)
class SessionListRow:
    """A session in a list."""

    id: UUID
    url: str
    peer: str
    said: str
    client: str
    protocol: str  # with the port and TLS: "SMTPS · ESMTPS · TLS 1.3"
    opened_at: datetime
    live: bool
    tone: str
    took: str
    elapsed: int  # seconds since it opened
    elapsed_words: str
    findings: str  # "1 finding"; "" for none


@dataclass(frozen=True, slots=True)
class SessionChip:
    """A fact about a session, in a few words."""

    text: str
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a session's page, above the transcript."""

    title: str
    chips: list[SessionChip]
    state: str
    quiet: int | None  # seconds since the last line
    quiet_words: str
    ended: str  # how, in a sentence; "" while it goes on
    fixes: list[explain.FlagWords]
    picture: Picture
    id: UUID
    client: str  # its address
    helo: str
    withheld: bool  # STARTTLS, from its next session


def rows(found: Sequence[Session]) -> list[SessionListRow]:
    facts = session_facts.of(found)
    counts = findings.counts(found)
    now = datetime.now(UTC)
    return [_row(each, facts[each.id], counts[each.id], now) for each in found]


def _row(
    session: Session, facts: explain.Facts, count: int, now: datetime
) -> SessionListRow:
    elapsed = int((now - session.opened_at).total_seconds())
    return SessionListRow(
        id=session.id,
        url=session.get_absolute_url(),
        peer=peer(session),
        said=explain.outcome(session, facts),
        client=session.client_address,
        protocol=_protocol(session),
        opened_at=session.opened_at,
        live=session.ending is None,
        tone=_tone(session),
        took=_took(session),
        elapsed=elapsed,
        elapsed_words=stopwatch(elapsed),
        findings=counted(count, "finding") if count else "",
    )


def head(session: Session) -> Head:
    facts = session_facts.of([session])[session.id]
    session_timeline = timeline.of(session)
    since_open = (datetime.now(UTC) - session.opened_at).total_seconds()
    quiet = max(0, int(since_open - facts.last_us / 1_000_000))
    return Head(
        title=explain.headline(session, facts),
        chips=_chips(session, session_timeline),
        state=explain.state(session, facts),
        quiet=quiet,
        quiet_words=stopwatch(quiet),
        ended=explain.ending(session, facts),
        fixes=explain.fixes(facts.flags),
        picture=picture(session_timeline),
        id=session.id,
        client=session.client_address,
        helo=session.helo,
        withheld=starttls.is_withheld(session.client_address, session.helo),
    )


def _chips(session: Session, session_timeline: Timeline) -> list[SessionChip]:
    chips = [SessionChip(f"{session.client_address}:{session.client_port}")]
    chips.append(SessionChip(_protocol(session)))
    chips.append(
        SessionChip(
            _("by %(kind)s %(listener)s")
            % {"kind": _label(session), "listener": session.listener}
        )
    )
    if session.auth_mechanism:
        user = session.auth_username or _("(no user name)")
        chips.append(
            SessionChip(
                _("AUTH %(auth_mechanism)s %(user)s")
                % {"auth_mechanism": session.auth_mechanism, "user": user}
            )
        )
    if took := _took(session):
        chips.append(SessionChip(took))
    if session_timeline.rule:
        chips.append(
            SessionChip(
                _("rule “%(rule)s”") % {"rule": session_timeline.rule}, "warning"
            )
        )
    if session_timeline.worst:
        code, verb = session_timeline.worst
        chips.append(
            SessionChip(
                _("%(code)s at %(verb)s") % {"code": code, "verb": verb}
                if verb
                else _("worst reply %(code)s") % {"code": code},
                tone(code),
            )
        )
    if count := findings.counts([session])[session.id]:
        url = pages.path("session", session.id, panel="findings")
        chips.append(SessionChip(counted(count, "finding"), "warning", url))
    return chips


def _protocol(session: Session) -> str:
    """Return what is spoken; and on which kind of listener, where that is not the same."""
    shown = session.listener_kind in ("smtps", "submission")
    kind = _label(session) if shown else ""
    tls = session.tls_version.replace("TLSv", "TLS ")
    return " · ".join(part for part in (kind, session.protocol, tls) if part)


def _label(session: Session) -> str:
    return LISTENER_KINDS[session.listener_kind].label


def _took(session: Session) -> str:
    if session.closed_at is None:
        return ""
    seconds = (session.closed_at - session.opened_at).total_seconds()
    return duration(int(seconds * 1_000_000))


def _tone(session: Session) -> str:
    if session.ending is None:
        return "ok"
    if session.ending not in ("quit", "turned") or (session.worst_code or 0) >= 500:
        return "error"
    return "warning" if (session.worst_code or 0) >= 400 else ""
