"""Patterns with * and ?: right as the plain definition says, in time that grows linearly."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.wildcards import Wildcards, fold


def defined(pattern: str, text: str) -> bool:
    """Whether it fits, by the definition: slow, and only for short ones."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return defined(pattern[1:], text) or bool(text and defined(pattern, text[1:]))
    if not text:
        return False
    return pattern[0] in ("?", text[0]) and defined(pattern[1:], text[1:])


@given(st.text("ab*?é", max_size=8), st.text("abé*", max_size=8))
def test_it_is_as_defined(pattern: str, text: str) -> None:
    assert Wildcards(pattern).fit(text) == defined(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*+ÄNN@*", "shop+änn@example.com"),
        ("ΑΣ*", "ας@example.gr"),
        ("*ı*", "xıy"),  # noqa: RUF001  a letter of Turkish
        ("?", "ß"),
        ("?", "İ"),
        ("a.c", "a.c"),
        ("[ab]+", "[ab]+"),
    ],
)
def test_case_and_marks(pattern: str, text: str) -> None:
    assert Wildcards(pattern).fit(text)
    assert not Wildcards(pattern).fit(f"{text}!\n") or pattern.endswith("*")


@given(st.text(max_size=30))
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "pattern", ["*a" * 499 + "é", "*a?" * 300 + "é*", "*" * 998 + "é", "?" * 500 + "*é"]
)
def test_time_grows_with_the_text_alone(pattern: str) -> None:
    wildcards = Wildcards(pattern)

    def took(length: int) -> float:
        began = time.process_time()
        assert not wildcards.fit("a" * length)
        return time.process_time() - began

    short, long = (min(took(size) for _ in range(5)) for size in (20_000, 160_000))
    assert long < 24 * short  # 8 times the text, and room for a busy machine
    assert long < 2
