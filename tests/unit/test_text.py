"""Texts in a normal form: what is stored and compared is the same, in linear time."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.search.fulltext.tokens import tokens
from mailsink import text

# Marks that stand in the wrong order, as often as they are repeated
_MARKS = "\u0315\u0300\u05ae"


def rows(of: str) -> list[int]:
    """Return how many characters there are in each row that Unicode puts in order."""
    found = [0]
    for each in of:
        if unicodedata.combining(each):
            found[-1] += 1
        else:
            found.append(0)
    return found


@given(st.text())
def test_ordinary_text_is_as_unicode_has_it(given_text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert text.normalized(form, given_text) == unicodedata.normalize(
            form, given_text
        )


@pytest.mark.parametrize(
    "marks", [_MARKS, "\u0344\u0315", "\uff9e\u0315", "\u0f73\u0315"]
)
def test_long_rows_of_marks_lose_their_rest(marks: str) -> None:
    for before in ("", "a", "한"):
        made = text.normalized("NFKD", f"{before}{marks * 1000}b{marks * 1000}")
        assert "b" in made
        assert max(rows(made)) <= 64  # two of each at the most


def test_every_mark_of_unicode_is_known() -> None:
    for code in range(sys.maxunicode + 1):
        if text.is_mark(chr(code)):
            assert 0x300 <= code <= 0x1FFFF, hex(code)


def test_a_text_of_marks_alone_has_its_tokens() -> None:
    # It would take minutes if each mark was put into its place among all others.
    assert tokens("before a" + _MARKS * 80_000 + " after") == ["before", "a", "after"]
