"""API v3: the differences between two messages, as objects."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from inbox.api.v3.schemas import Strict, member
from inbox.insight.compare import ASPECTS, Side
from inbox.serializers import Shape
from mailsink.diff import Difference, DiffLine, DiffRow, RowKind


class Compared(Strict):
    """A line of both sides, or of one."""

    kind: RowKind = member("How the sides differ in this line.")
    name: str = member("The name of the header field or fact.", "Subject")
    left: list[tuple[str, bool]] | None = member(
        "Pieces of the left line, each with whether the right one lacks it; null without.",
        [["Invoice ", False], ["1", True]],
    )
    right: list[tuple[str, bool]] | None = member(
        "Pieces of the right line, each with whether the left one lacks it; null without.",
        [["Invoice ", False], ["2", True]],
    )
    left_line: int | None = member("The number of the left line, from 1.", 1)
    right_line: int | None = member("The number of the right line, from 1.", 1)


class Aspect(Strict):
    """The differences in one part."""

    differing: int = member("How many lines differ.", 1)
    cut: bool = member("Whether only the beginning was compared.", False)
    words_cut: bool = member(
        "Whether lines differ as a whole, since they are too long in all to be "
        "compared word by word.",
        False,
    )
    rows: list[Compared] = member("The lines that differ; with alike=true all.")


class Comparison(Strict):
    """Two messages, the left and the right, part by part."""

    left: UUID = member("The id of the left message.")
    right: UUID = member("The id of the right message.")
    headers: Aspect = member("The header fields.")
    text: Aspect = member("The text.")
    markup: Aspect = member("The HTML source, indented.")
    envelope: Aspect = member("The envelope and the client.")
    transcript: Aspect = member("The SMTP transcript, without times.")


def comparison(left: Side, right: Side, alike: bool) -> Shape:
    """Return the differences; alike: include the equal lines"""
    found: dict[str, Any] = {
        key: _aspect(differ(left, right), alike) for key, differ in ASPECTS.items()
    }
    return {"left": str(left.message.pk), "right": str(right.message.pk), **found}


def _aspect(difference: Difference, alike: bool) -> Shape:
    rows = [_row(row) for row in difference.rows if alike or row.kind != "same"]
    return {
        "differing": difference.count,
        "cut": difference.cut,
        "words_cut": difference.words_cut,
        "rows": rows,
    }


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
