"""Differences between texts: nothing is lost, what is marked differs, hostile input is quick."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsink import diff
from mailsink.diff import DiffLine, DiffPiece, DiffRow

TEXT = st.text(st.sampled_from("ab c\n1."), max_size=40)


def text(line: DiffLine | None) -> str:
    return "".join(piece.text for piece in line or ())


def marked(line: DiffLine | None) -> list[str]:
    return [piece.text for piece in line or () if piece.changed]


@given(TEXT, TEXT)
def test_both_texts_can_be_read_from_the_rows(left: str, right: str) -> None:
    rows = diff.texts(left, right).rows
    assert [text(r.left) for r in rows if r.left is not None] == left.splitlines()
    assert [text(r.right) for r in rows if r.right is not None] == right.splitlines()
    numbers = [row.left_at for row in rows if row.left_at]
    assert numbers == list(range(1, len(left.splitlines()) + 1))


@given(TEXT, TEXT)
def test_what_is_not_marked_is_alike(left: str, right: str) -> None:
    for row in diff.texts(left, right).rows:
        if row.left is None or row.right is None:
            continue
        same = [
            [piece.text for piece in line if not piece.changed]
            for line in (row.left, row.right)
        ]
        assert "".join(same[0]) == "".join(same[1])
        assert (row.kind == "same") == (not marked(row.left) and not marked(row.right))


@given(TEXT)
def test_a_text_is_like_itself(given: str) -> None:
    assert diff.texts(given, given).count == 0


def test_words_that_differ_are_marked() -> None:
    (row,) = diff.texts("The total is 58.10 now", "The total is 64.80, now").rows
    assert row.kind == "changed"
    assert marked(row.left) == ["58.10"]
    assert marked(row.right) == ["64.80,"]
    # Blanks between two changes are one change.
    (row,) = diff.texts("a b c d", "x y c z").rows
    assert marked(row.left) == ["a b", "d"]


def test_lines_stand_beside_those_they_are_like() -> None:
    left = ["Dear Ann,", "your order 7 is on its way", "Bye"]
    right = ["Dear Ann,", "good news!", "your order 9 is on its way", "Bye"]
    rows = diff.lines(left, right).rows
    assert [(row.kind, row.left_at, row.right_at) for row in rows] == [
        ("same", 1, 1),
        ("added", 0, 2),
        ("changed", 2, 3),
        ("same", 3, 4),
    ]


def test_named_values_are_compared_by_name_and_turn() -> None:
    left = [("To", "ann"), ("Received", "one"), ("Received", "two"), ("Date", "now")]
    right = [("received", "one"), ("RECEIVED", "2"), ("to", "bob"), ("X", "new")]
    rows = diff.named(left, right).rows
    assert [(row.name, row.kind) for row in rows] == [
        ("To", "changed"),
        ("Received", "same"),
        ("Received", "changed"),
        ("Date", "removed"),
        ("X", "added"),
    ]
    assert rows[-1] == DiffRow("added", None, (DiffPiece("new", True),), 0, 0, "X")


def test_what_is_long_is_compared_so_far_and_says_so() -> None:
    many = [str(number) for number in range(diff.MAX_LINES + 1)]
    found = diff.lines(many, many)
    assert found.cut
    assert len(found.rows) == diff.MAX_LINES
    assert not diff.lines(many[1:], many[1:]).cut
    words = "a " * diff.MAX_WORDS
    (row,) = diff.texts(words + "b", words + "c").rows
    assert marked(row.left) == [words + "b"]


def test_only_so_much_is_told_word_by_word() -> None:
    line = "some words " * 100
    left = [f"{line} {number} left" for number in range(diff.MAX_LINES // 4)]
    right = [f"{line} {number} right" for number in range(diff.MAX_LINES // 4)]
    found = diff.lines(left, right)
    told = [marked(row.left) == ["left"] for row in found.rows]
    first = diff.MAX_COMPARED // (len(left[-1]) + len(right[-1]))
    assert sum(told) in range(first, first + 3)  # the first numbers are shorter
    assert all(told[:first])
    assert found.words_cut
    assert not found.cut
    assert not diff.lines(left[:first], right[:first]).words_cut
    named = diff.named([("X", each) for each in left], [("X", each) for each in right])
    assert named.words_cut


def test_long_lines_are_alike_by_their_beginnings() -> None:
    """Comparing all of two lines of 256 KB holds the interpreter, and mail, for a second."""
    same, one, other = "a" * 2000, "b" * 9000, "c" * 9000
    assert [row.kind for row in diff.lines([same + one], [same + other]).rows] == [
        "changed"
    ]
    rows = diff.lines([one[:2000] + same * 9], [other[:2000] + same * 9]).rows
    assert [row.kind for row in rows] == ["removed", "added"]


def test_texts_made_to_be_slow_end() -> None:
    """Lines that repeat are what makes difflib cubic: here they are a matter of a second."""
    left = ["x", "y"] * (diff.MAX_LINES // 2)
    right = ["y", "y", "x"] * (diff.MAX_LINES // 3)
    assert diff.lines(left, right).count
    assert diff.lines(["a b " * 400] * 600, ["b c " * 400] * 600).count == 600
