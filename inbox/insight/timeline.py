"""A session's time as a picture and as shares, computed when it is shown.

It takes one pass over a few columns of the exchanges; of a very long session, only the
newest part is read. The sessions must have been read within a scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from inbox.explain.spans import OWNERS, Owner, Span, Times, spans
from inbox.models import Exchange, Session

MOST = 30_000  # exchanges that are read
COLUMNS = 400  # of the picture

_UPPER: tuple[Owner, ...] = ("client", "body")
_LOWER: tuple[Owner, ...] = ("ours", "rule")


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of the picture: adjacent columns of one lane with the same owner."""

    owner: Owner
    first: int  # column
    width: int  # columns


@dataclass(frozen=True, slots=True)
class Timeline:
    """How a session's time was spent, in microseconds.

    start_us: the beginning of the picture: after 0 if lines were left out
    """

    start_us: int
    end_us: int
    shares: dict[Owner, int]
    upper: list[Mark]  # the client's lane
    lower: list[Mark]  # ours
    rule: str = ""  # the first one that answered

    @property
    def took_us(self) -> int:
        return self.end_us - self.start_us


def of(session: Session) -> Timeline:
    """Return the timeline of a session; a live one ends now."""
    if session.closed_at is None:
        return _drawn(session)
    return _ended(session, session.exchanges)


@lru_cache(maxsize=64)
def _ended(session: Session, exchanges: int) -> Timeline:
    """Return a timeline that no longer changes, cached: sessions are equal by their id."""
    return _drawn(session)


def _drawn(session: Session) -> Timeline:
    seen = _Seen()
    start = _left_out(session)
    end = max(length(session), start + 1)
    canvas = _Canvas(start, end)
    draw = canvas.draw
    for span in spans(seen.watch(_rows(session)), start, end):
        draw(span)
    return Timeline(
        start,
        end,
        canvas.shares,
        list(canvas.lane(_UPPER)),
        list(canvas.lane(_LOWER)),
        seen.rule,
    )


def length(session: Session) -> int:
    """Return the duration of a session, up to now if it is live, in microseconds."""
    end = session.closed_at or datetime.now(UTC)
    return int((end - session.opened_at).total_seconds() * 1e6)


def _left_out(session: Session) -> int:
    """Return the time of the last reply that is not read; 0 if there is none."""
    last = session.exchanges - MOST
    if last < 1:
        return 0
    row = Exchange.objects.filter(session=session, seq=last)
    return row.values_list("received_us", flat=True).first() or 0


_Row = tuple[str, int, int | None, int | None, int, str]


def _rows(session: Session) -> Iterable[_Row]:
    rows = Exchange.objects.filter(
        session=session, seq__gt=session.exchanges - MOST
    ).order_by("seq")
    return rows.values_list(
        "kind", "received_us", "ready_us", "replied_us", "delayed_us",
        "rule",
    )[:MOST].iterator(2000)  # fmt: skip


@dataclass(slots=True)
class _Seen:
    """The first rule that the pass over the exchanges finds."""

    rule: str = ""

    def watch(self, rows: Iterable[_Row]) -> Iterator[Times]:
        for *times, rule in rows:
            if rule and not self.rule:
                self.rule = rule
            yield times


def _nothing() -> dict[Owner, int]:
    return dict.fromkeys(OWNERS, 0)


@dataclass(slots=True)
class _Canvas:
    """Columns of equal time, with the share of each owner."""

    start: int
    end: int
    shares: dict[Owner, int] = field(default_factory=_nothing)
    columns: list[dict[Owner, int]] = field(
        default_factory=lambda: [{} for _ in range(COLUMNS)]
    )

    def draw(self, span: Span) -> None:
        owner, start, end = span
        start, end = max(start, self.start), min(end, self.end)
        if start >= end:
            return
        self.shares[owner] += end - start
        first = self._column(start)
        last = self._column(end - 1)
        if first == last:  # true for nearly all, in a long session
            cell = self.columns[first]
            cell[owner] = cell.get(owner, 0) + end - start
            return
        for column in range(first, last + 1):
            left, right = self._edge(column), self._edge(column + 1)
            took = min(end, right) - max(start, left)
            cell = self.columns[column]
            cell[owner] = cell.get(owner, 0) + took

    def _column(self, at: int) -> int:
        return (at - self.start) * COLUMNS // (self.end - self.start)

    def _edge(self, column: int) -> int:
        """Return the first microsecond of a column."""
        return self.start - (self.start - self.end) * column // COLUMNS

    def lane(self, owners: tuple[Owner, ...]) -> Iterator[Mark]:
        """Yield a lane's marks; a column belongs to the owner with the largest share."""
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
