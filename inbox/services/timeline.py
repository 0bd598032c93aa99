"""A session's time as a picture and as shares, worked out when it is looked at.

One pass over a few columns of its exchanges; of a session that is longer than that
may take, the newest part. Takes sessions that were read within a scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from inbox.models import Exchange, Session
from inbox.services.explain.spans import OWNERS, Moment, Owner, Span, spans

MOST = 30_000  # exchanges that are looked at
COLUMNS = 400  # of the picture

_UPPER: tuple[Owner, ...] = ("client", "body")
_LOWER: tuple[Owner, ...] = ("ours", "rule")


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of the picture: so many columns of one lane, owned by one."""

    owner: Owner
    first: int  # column
    width: int  # columns


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where a session's time went; in microseconds.

    start_us: where the picture begins: later than 0 where lines were left out
    """

    start_us: int
    end_us: int
    shares: dict[Owner, int]
    upper: list[Mark]  # the client's lane
    lower: list[Mark]  # ours
    rule: str = ""  # the first that answered
    worst: tuple[int, str] | None = None  # the worst code, and the verb it answered

    @property
    def took_us(self) -> int:
        return self.end_us - self.start_us


def of(session: Session, now: datetime | None = None) -> Timeline:
    """Return the timeline of a session; one that is live ends now."""
    seen = _Seen()
    start = _left_out(session)
    end = max(_length(session, now or datetime.now(UTC)), start + 1)
    canvas = _Canvas(start, end)
    for span in spans(seen.watch(_rows(session)), start, end):
        canvas.draw(span)
    return Timeline(
        start,
        end,
        canvas.shares,
        list(canvas.lane(_UPPER)),
        list(canvas.lane(_LOWER)),
        seen.rule,
        seen.worst,
    )


def length(session: Session, now: datetime | None = None) -> int:
    """Return how long a session lasted, or has lasted until now, in microseconds."""
    return _length(session, now or datetime.now(UTC))


def _length(session: Session, now: datetime) -> int:
    return int(((session.closed_at or now) - session.opened_at).total_seconds() * 1e6)


def _left_out(session: Session) -> int:
    """Return where the last reply that is not looked at was written; 0 if there is none."""
    last = session.exchanges - MOST
    if last < 1:
        return 0
    row = Exchange.objects.filter(session=session, seq=last)
    return row.values_list("received_us", flat=True).first() or 0


_Row = tuple[str, int, int | None, int | None, int, str, int | None, str]


def _rows(session: Session) -> Iterable[_Row]:
    rows = Exchange.objects.filter(
        session=session, seq__gt=session.exchanges - MOST
    ).order_by("seq")
    return rows.values_list(
        "kind", "received_us", "ready_us", "replied_us", "delayed_us",
        "rule", "code", "verb",
    )[:MOST].iterator(2000)  # fmt: skip


@dataclass(slots=True)
class _Seen:
    """What else the pass over the exchanges brings to light."""

    rule: str = ""
    worst: tuple[int, str] | None = None

    def watch(self, rows: Iterable[_Row]) -> Iterator[Moment]:
        for kind, received, ready, replied, delayed, rule, code, verb in rows:
            if rule and not self.rule:
                self.rule = rule
            if code and code >= 400 and (not self.worst or code > self.worst[0]):
                self.worst = (code, verb)
            yield Moment(kind, received, ready, replied, delayed)


def _nothing() -> dict[Owner, int]:
    return dict.fromkeys(OWNERS, 0)


@dataclass(slots=True)
class _Canvas:
    """Columns of equal time, and who had how much of each."""

    start: int
    end: int
    shares: dict[Owner, int] = field(default_factory=_nothing)
    columns: list[dict[Owner, int]] = field(
        default_factory=lambda: [{} for _ in range(COLUMNS)]
    )

    def draw(self, span: Span) -> None:
        owner, start, end = span
        end = min(end, self.end)
        start = max(start, self.start)
        if start >= end:
            return
        self.shares[owner] += end - start
        whole = self.end - self.start
        first = (start - self.start) * COLUMNS // whole
        last = min((end - self.start) * COLUMNS // whole, COLUMNS - 1)
        for column in range(first, last + 1):
            left = self.start + whole * column // COLUMNS
            right = self.start + whole * (column + 1) // COLUMNS
            took = min(end, right) - max(start, left)
            cell = self.columns[column]
            cell[owner] = cell.get(owner, 0) + max(took, 1)

    def lane(self, owners: tuple[Owner, ...]) -> Iterator[Mark]:
        """Yield a lane's marks; of those who share a column, who had most of it."""
        begun: tuple[Owner, int] | None = None
        for number, cell in enumerate([*self.columns, {}]):
            owner = _most(cell, owners)
            if begun and begun[0] != owner:
                yield Mark(begun[0], begun[1], number - begun[1])
                begun = None
            if owner and not begun:
                begun = (owner, number)


def _most(cell: dict[Owner, int], owners: tuple[Owner, ...]) -> Owner | None:
    there = [(cell[owner], owner) for owner in owners if owner in cell]
    return max(there)[1] if there else None
