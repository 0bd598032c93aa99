"""Lines of a transcript for their templates, and the picture of its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox import explain
from inbox.access.current import scope
from inbox.explain.lines import WORTH_A_BAR
from inbox.explain.quantities import duration
from inbox.explain.spans import OWNERS, Owner
from inbox.insight import findings, session_facts, timeline
from inbox.insight.findings import SessionEvidence
from inbox.mailbox import sessions
from inbox.models import Exchange, Session

LINES = 100  # of a transcript, at a time: the same as in static/js/session/chunks.js
WAIT = 1_000_000  # us: a silence of the client this long is a wait
_OUTWARD: dict[Owner, str] = {"client": "Mailsink", "ours": gettext_noop("Server")}
_TICKS = 6  # of the picture's scale


def window(
    session: Session,
    after: int,
    limit: int = LINES,
    evidence: SessionEvidence | None = None,
) -> dict[str, object]:
    """Return the lines after seq `after`, at most `limit`, for _lines.html.

    evidence: of findings in the session, if it is known
    """
    # The previous line shows how long the client took to send the first.
    found = sessions.exchanges(
        scope(), session.id, after=max(0, after - 1), limit=limit + (after > 0)
    )
    before = found[0] if found and found[0].seq == after else None
    took = timeline.length(session)
    shown = rendered(found[1:] if before else found[:limit], before)
    whole = took < WORTH_A_BAR or len(found) == session.exchanges
    return {
        **shown,
        "inbox_id": session.inbox_id,
        "marks": findings.marks(session, found, evidence),
        "scale": f"0 0 {max(1, took)} 8",
        "quick": shown["quick"] and whole and session.ending is not None,
    }


def rendered(
    exchanges: Sequence[Exchange], before: Exchange | None = None
) -> dict[str, object]:
    """Return these lines for _lines.html, with their own scale."""
    start = exchanges[0].received_us if exchanges else 0
    end = max((each.replied_us or each.received_us for each in exchanges), default=0)
    lines = list(explain.lines(exchanges, before))
    return {
        "lines": lines,
        "inbox_id": None,
        "links": session_facts.links(scope(), exchanges),
        "marks": {},
        "scale": f"{start} 0 {max(1, end - start)} 8",
        "quick": not any(line.bars for line in lines),
    }


Drawn = Owner | Literal["wait"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture; x and width in percent."""

    owner: Drawn
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Share:
    owner: Drawn
    name: str
    percent: str
    took: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The time of a session by owner, as boxes on a scale and in words."""

    took: str
    cut: bool  # whether older lines were left out
    upper: list[Box]
    lower: list[Box]
    ticks: list[tuple[float, str]]
    shares: list[Share]

    @property
    def label(self) -> str:
        """The picture in words, for those who do not see it."""
        shares = ", ".join(f"{each.name} {each.percent}" for each in self.shares)
        took = {"took": self.took, "shares": shares}
        return _("Timeline of %(took)s: %(shares)s") % took


def picture(session: Session, session_timeline: timeline.Timeline) -> Picture | None:
    """Return the picture of a session's time; None if the session lasted only a moment."""
    column = session_timeline.took_us / timeline.COLUMNS
    if session.ending is not None and session_timeline.took_us < WORTH_A_BAR:
        return None
    upper = [_box(mark, column) for mark in session_timeline.upper]
    waits = any(box.owner == "wait" for box in upper)
    return Picture(
        took=duration(session_timeline.took_us),
        cut=session_timeline.start_us > 0,
        upper=upper,
        lower=[_box(mark, column) for mark in session_timeline.lower],
        ticks=_ticks(session_timeline.start_us, session_timeline.end_us),
        shares=[
            Share(
                "wait" if waits and owner == "client" else owner,
                _owner(session, owner),
                _percent(us, session_timeline.took_us),
                duration(us),
            )
            for owner, us in session_timeline.shares.items()
            if us
        ],
    )


def _owner(session: Session, owner: Owner) -> str:
    """Return the words for an owner. In an outward session, Mailsink is the client."""
    if session.direction == "out" and owner in _OUTWARD:
        return _(_OUTWARD[owner])
    return _(OWNERS[owner])


def _box(mark: timeline.Mark, column_us: float) -> Box:
    one = 100 / timeline.COLUMNS
    waited = mark.owner == "client" and mark.width * column_us >= WAIT
    owner: Drawn = "wait" if waited else mark.owner
    return Box(owner, round(mark.first * one, 2), round(mark.width * one, 2))


def _percent(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent >= 1 else _("under 1 %")


def _ticks(start: int, end: int) -> list[tuple[float, str]]:
    """Return round times in the picture: the position in percent, and the label."""
    step = 1
    while (end - start) // step > _TICKS:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    first = -(-start // step) * step
    return [
        (round(100 * (at - start) / (end - start), 2), _tick(at))
        for at in range(first, end, step)
        # A label at the very end would be cut off.
        if (at - start) / (end - start) < 0.93
    ]


def _tick(us: int) -> str:
    if us == 0:
        return "0"
    if us < 1_000_000:
        return _("%(us)s ms") % {"us": f"{us / 1000:g}"}
    return f"{us / 1e6:g} s" if us < 60_000_000 else duration(us)
