"""The differences between two texts: line by line, and inside lines word by word.

rapidfuzz finds the longest common subsequence in C++ with bit operations, so that texts
made to be slow do no harm. Texts are compared up to the limits. If the different lines
are long in total, only the first ones are compared word by word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

MAX_LINES = 4000  # of each text
MAX_WORDS = 2000  # of a line: a longer one differs as a whole
MAX_COMPARED = 512 * 1024  # characters of both texts that are compared word by word
_BEGINNING = 2000  # characters of lines that count for their similarity
_PAIRED = 900  # pairs of lines that are tried in a replaced block
_ALIKE = 0.4  # the least similarity of lines that are compared word by word
_WORD = re.compile(r"[0-9]+(?:[.,:][0-9]+)+|\w+|\s+|[^\w\s]")

RowKind = Literal["same", "changed", "removed", "added"]


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A part of a line. changed: the other line does not have it."""

    text: str
    changed: bool = False


DiffLine = tuple[DiffPiece, ...]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A line of both texts, or of one: left or right is None if that text lacks it.

    left_at and right_at are the line numbers, from 1; name is the common name.
    """

    kind: RowKind
    left: DiffLine | None
    right: DiffLine | None
    left_at: int = 0
    right_at: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows of two texts.

    cut: one text is longer than the compared part; words_cut: lines differ as a whole,
    since they are too long to be compared word by word
    """

    rows: list[DiffRow]
    cut: bool = False
    words_cut: bool = False

    @property
    def count(self) -> int:
        """The number of rows that differ."""
        return sum(row.kind != "same" for row in self.rows)


def texts(left: str, right: str) -> Difference:
    """Compare two texts line by line."""
    return lines(left.splitlines(), right.splitlines())


def lines(left: Sequence[str], right: Sequence[str]) -> Difference:
    """Compare two texts, given as their lines."""
    comparison = _Comparison()
    rows = list(_rows(left[:MAX_LINES], right[:MAX_LINES], comparison))
    return Difference(rows, max(len(left), len(right)) > MAX_LINES, comparison.cut)


def named(
    left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]
) -> Difference:
    """Compare named values, such as header fields: those of the same name.

    If a name is repeated, the first is compared with the first, and so on. The case of
    names does not matter.
    """
    cut = max(len(left), len(right)) > MAX_LINES
    ours, theirs = _by_name(left[:MAX_LINES]), _by_name(right[:MAX_LINES])
    comparison = _Comparison()
    rows: list[DiffRow] = []
    for key in {**ours, **theirs}:
        name, value = ours.get(key, ("", None))
        other, right_value = theirs.get(key, ("", None))
        rows.append(_row(comparison, value, right_value, name=name or other))
    return Difference(rows, cut, comparison.cut)


def _by_name(
    values: Sequence[tuple[str, str]],
) -> dict[tuple[str, int], tuple[str, str]]:
    """Return the values by their name and their number among those of that name."""
    seen: Counter[str] = Counter()
    found = {}
    for name, value in values:
        seen[name.lower()] += 1
        found[name.lower(), seen[name.lower()]] = (name, value)
    return found


class _Comparison:
    """Compares lines word by word up to a limit. cut: the limit was reached."""

    def __init__(self) -> None:
        self._room = MAX_COMPARED
        self.cut = False

    def words(self, left: str, right: str) -> tuple[DiffLine, DiffLine]:
        """Return two lines in pieces, with the different words marked."""
        self._room -= len(left) + len(right)
        pieces = words(left, right) if self._room >= 0 else None
        self.cut |= pieces is None
        return pieces or ((DiffPiece(left, True),), (DiffPiece(right, True),))


def _row(
    comparison: _Comparison,
    left: str | None,
    right: str | None,
    left_at: int = 0,
    right_at: int = 0,
    name: str = "",
) -> DiffRow:
    if left is None:
        added = (DiffPiece(right or "", True),)
        return DiffRow("added", None, added, left_at, right_at, name)
    if right is None:
        return DiffRow(
            "removed", (DiffPiece(left, True),), None, left_at, right_at, name
        )
    if left == right:
        same = (DiffPiece(left),)
        return DiffRow("same", same, same, left_at, right_at, name)
    return DiffRow("changed", *comparison.words(left, right), left_at, right_at, name)


def _rows(
    left: Sequence[str], right: Sequence[str], comparison: _Comparison
) -> Iterator[DiffRow]:
    for same, a, b in _blocks(left, right):
        pairs = zip(a, b, strict=True) if same else _pairs(left, right, a, b)
        for i, j in pairs:
            yield _row(
                comparison,
                None if i is None else left[i],
                None if j is None else right[j],
                0 if i is None else i + 1,
                0 if j is None else j + 1,
            )


def _blocks(
    left: Sequence[str], right: Sequence[str]
) -> Iterator[tuple[bool, range, range]]:
    """Yield equal runs and different runs, in turn."""
    at, to = 0, 0
    for block in Indel.opcodes(left, right).as_matching_blocks():
        if block.a > at or block.b > to:
            yield False, range(at, block.a), range(to, block.b)
        at, to = block.a + block.size, block.b + block.size
        if block.size:
            yield True, range(block.a, at), range(block.b, to)


def _pairs(
    left: Sequence[str], right: Sequence[str], a: range, b: range
) -> Iterator[tuple[int | None, int | None]]:
    """Yield the pairs of similar lines in a replaced block."""
    if len(a) * len(b) > _PAIRED:
        shorter = min(len(a), len(b))
        yield from zip(a[:shorter], b[:shorter], strict=True)
        yield from ((i, None) for i in a[shorter:])
        yield from ((None, j) for j in b[shorter:])
        return
    start = b.start
    for i in a:
        found = _most_alike(left[i], right, range(start, b.stop))
        if found is None:
            yield i, None
            continue
        yield from ((None, j) for j in range(start, found))
        yield i, found
        start = found + 1
    yield from ((None, j) for j in range(start, b.stop))


def _most_alike(line: str, others: Sequence[str], among: range) -> int | None:
    """Return the line that is most similar to this one, if it is similar enough."""
    best = max(among, key=lambda j: alike(line, others[j]), default=None)
    return best if best is not None and alike(line, others[best]) >= _ALIKE else None


def alike(left: str, right: str) -> float:
    """Return the similarity of two lines' beginnings: 1 the same, 0 nothing in common.

    Only the beginnings count: the interpreter waits for the result, and mail too.
    """
    return Indel.normalized_similarity(left[:_BEGINNING], right[:_BEGINNING])


def words(left: str, right: str) -> tuple[DiffLine, DiffLine] | None:
    """Return two lines in pieces, with different words marked.

    Return None if there are too many words.
    """
    ours, theirs = _WORD.findall(left), _WORD.findall(right)
    if max(len(ours), len(theirs)) > MAX_WORDS:
        return None
    runs = [
        (same, "".join(ours[a.start : a.stop]), "".join(theirs[b.start : b.stop]))
        for same, a, b in _blocks(ours, theirs)
    ]
    runs = _joined(runs)
    return (
        tuple(DiffPiece(a, not same) for same, a, _b in runs if a),
        tuple(DiffPiece(b, not same) for same, _a, b in runs if b),
    )


def _joined(runs: list[tuple[bool, str, str]]) -> list[tuple[bool, str, str]]:
    """Join two changes with only spaces between them: one change reads better."""
    joined: list[tuple[bool, str, str]] = []
    for index, (same, a, b) in enumerate(runs):
        space = same and not a.strip() and 0 < index < len(runs) - 1
        if joined and not joined[-1][0] and (space or not same):
            _same, before, behind = joined[-1]
            joined[-1] = (False, before + a, behind + b)
        else:
            joined.append((same, a, b))
    return joined
