"""CSS as rules and declarations, also when it is made to do harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.checks import css
from inbox.checks.colours import colour
from inbox.checks.css import AtRule, Declaration, Item, StyleRule


def items(sheet: str) -> list[tuple[object, ...]]:
    """Return what a sheet holds, each with where it begins."""
    return [_shape(each) for each in css.sheet(sheet)]


def _shape(item: Item) -> tuple[object, ...]:
    if isinstance(item, Declaration):
        return item.name, item.value, item.offset, item.selector, item.media
    if isinstance(item, StyleRule):
        return item.selector, item.offset, item.is_nested
    return f"@{item.name}", item.prelude, item.offset


def test_sheet() -> None:
    sheet = '@import url(a;b.css); /* } */ a , b{color:red;x:"}" } @media print{p{--X:1}} i{j:k'
    assert items(sheet) == [
        ("@import", "url(a;b.css)", 0),
        ("a , b", 30, False),
        ("color", "red", 36, "a , b", ""),
        ("x", '"}"', 46, "a , b", ""),
        ("@media", "print", 54),
        ("p", 67, False),
        ("--x", "1", 69, "p", "@media print"),
        ("i", 77, False),
        ("j", "k", 79, "i", ""),
    ]


def test_nested_rules_and_keyframes() -> None:
    assert items("a{&:hover{b:c}}") == [
        ("a", 0, False),
        ("&:hover", 2, True),
        ("b", "c", 10, "&:hover", ""),
    ]
    keyframes = css.sheet("@-webkit-keyframes x{from{a:b}to{a:c}}")
    assert [type(each) for each in keyframes] == [AtRule, Declaration, Declaration]


def test_style_attribute() -> None:
    first, second = css.declarations("Color : Red!IMPORTANT;; nonsense; a{b:c} top:0")
    assert (first.name, first.value, first.is_important) == ("color", "Red", True)
    assert (second.name, second.value, second.offset) == ("top", "0", 41)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\f"])
def test_offsets_count_what_was_sent(end: str) -> None:
    sheet = f"a{{}}{end}{'9' * 5000}{{}}{end}{end}b{{top:0}}"
    found = [each.offset for each in css.sheet(sheet)]
    assert found[-2:] == [sheet.index("b"), sheet.index("top")]


def test_what_is_too_long_or_too_deep_is_left_out() -> None:
    *_, last = css.sheet("a{}" * css.MAX_LENGTH)
    assert css.MAX_LENGTH - 3 <= last.offset < css.MAX_LENGTH
    (deep,) = css.declarations("width:" + "calc(" * 1000 + "1px")
    assert len(list(css.walk(deep.tokens))) < 100


HOSTILE = (
    "(", "a(", "[", "{", "a{", "@media{", "@media{{{{", "@", "a:", "a:b;", "a{}", "!", "!important",
    '"', "'", "\\", "\\\n", "/*", "/**/", "url(", "url(a b", "<!--", "-->", "U+", "u+?", "-", "--", "#", "9", "9e",
    "1 ", ".", "}", ")", "\n", "\r\n", ",", "a b", ":is(", "|", "\ud800", "\\d800 ",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_hostile_css_is_read_soon(piece: str) -> None:
    text = piece * (1024 * 1024 // len(piece))
    began = time.process_time()
    list(css.sheet(text))
    css.declarations(text)
    assert time.process_time() - began < 10


@given(st.lists(st.sampled_from([*HOSTILE, "color", "(1,2%,none/.5)", "hsl", "9999"])))
def test_any_css_is_read(pieces: list[str]) -> None:
    text = "".join(pieces)
    for item in [*css.sheet(text), *css.declarations(text)]:
        if isinstance(item, Declaration):
            colour(item.value)
            colour(text)
