"""API v3: what differs between two messages, as objects."""

from __future__ import annotations

from typing import Any

from inbox.api.v3.schemas import Strict
from inbox.insight.compare import ASPECTS, Side
from inbox.serializers import Shape
from mailsink.diff import Difference, DiffLine, DiffRow, RowKind


class Compared(Strict):
    """A line of both, or of one; its pieces are texts with whether the other lacks them."""

    kind: RowKind
    name: str
    left: list[tuple[str, bool]] | None
    right: list[tuple[str, bool]] | None
    left_line: int | None
    right_line: int | None


class Aspect(Strict):
    """The differences in one part; cut: it is long, and only its beginning was compared."""

    differing: int
    cut: bool
    rows: list[Compared]


class Comparison(Strict):
    """Two messages, the left and the right, part by part."""

    left: str
    right: str
    headers: Aspect
    text: Aspect
    markup: Aspect
    envelope: Aspect
    transcript: Aspect


def comparison(left: Side, right: Side, alike: bool) -> Shape:
    """Return what differs; alike: with the lines that do not."""
    found: dict[str, Any] = {
        key: _aspect(differ(left, right), alike) for key, differ in ASPECTS.items()
    }
    return {"left": str(left.message.pk), "right": str(right.message.pk), **found}


def _aspect(difference: Difference, alike: bool) -> Shape:
    rows = [_row(row) for row in difference.rows if alike or row.kind != "same"]
    return {"differing": difference.count, "cut": difference.cut, "rows": rows}


def _row(row: DiffRow) -> Shape:
    return {
        "kind": row.kind,
        "name": row.name,
        "left": _pieces(row.left),
        "right": _pieces(row.right),
        "left_line": row.left_at or None,
        "right_line": row.right_at or None,
    }


def _pieces(line: DiffLine | None) -> list[tuple[str, bool]] | None:
    return None if line is None else [(each.text, each.changed) for each in line]
