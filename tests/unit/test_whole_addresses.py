"""Whether a line names an address as a whole: as a naive version says, and in linear time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbox.insight.trace.whole import names
from mailsink.wildcards import fold

# Few letters, so that texts hold one another often, and whatever may stand around them.
LETTERS = st.text(st.sampled_from("aAé<>():;, \t\u00a0@"), max_size=12)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def naive(line: str, address: str) -> bool:
    line, address = fold(line), fold(address)
    return any(
        line.startswith(address, at)
        and re.fullmatch(r"[\s<:,;(]?", line[:at][-1:])
        and re.fullmatch(r"[\s>,;)]?", line[at + len(address) :][:1])
        for at in range(len(line) + 1)
    )


@given(LETTERS, LETTERS.filter(bool))
@example("a a a@", "a a")
@example("ba (a)", "a")
@example("<a>a", "a>")
def test_it_is_as_the_naive_version_says(line: str, address: str) -> None:
    assert names(line, address) is naive(line, address)


@given(ANY, ANY.filter(bool), ANY)
def test_any_text_is_found_between_marks(before: str, address: str, after: str) -> None:
    line = f"{before}<{address}>{after}"
    assert names(line, address)
    assert names(line, address.upper()) is naive(line, address.upper())
    assert names(f"{before}{address}{after}", address) is naive(
        f"{before}{address}{after}", address
    )


@pytest.mark.parametrize(
    "line",
    ["RCPT TO:<Ann@Shop.test", "RCPT TO: ann@shop.test", "<x>, ann@shop.test;", "ANN@shop.test"],
)  # fmt: skip
def test_an_address_in_a_line_of_a_client(line: str) -> None:
    assert names(line, "ann@shop.test")


@pytest.mark.parametrize(
    "line",
    ["<joann@shop.test>", "<ann@shop.test.example>", "<ann@shopxtest>", "ann@shop", ""],
)
def test_a_part_of_another_address_is_none(line: str) -> None:
    assert not names(line, "ann@shop.test")


@pytest.mark.parametrize("piece", ["a", "a ", " ", "<a", "é;"])
def test_it_takes_linear_time(piece: str) -> None:
    address = piece * 500 + "b"

    def seconds(length: int) -> float:
        line = piece * length
        began = time.thread_time()
        assert not names(line, address)
        return time.thread_time() - began

    seconds(1000)
    short = min(seconds(100_000) for _ in range(3))
    long = min(seconds(800_000) for _ in range(3))
    assert long < 24 * short  # 8 times as long a line
