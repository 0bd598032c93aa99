"""What is printed of strangers' words: no command for a terminal, nor for CI."""

from __future__ import annotations

import json

import pytest

from mailsink import terminal


@pytest.mark.parametrize(
    "text", ["\x1b]0;title\x07", "\x9b31m", "\rOK", "\u202emoc", "\ud800", "a\0b"]
)
def test_nothing_commands_a_terminal(text: str) -> None:
    clean = terminal.plain(text)
    assert clean != text
    assert clean.encode().decode().isprintable()


def test_lines_and_tabs_stay() -> None:
    assert terminal.plain("a\tb\nc") == "a\tb\nc"


def test_octets_show_their_controls() -> None:
    assert (
        terminal.octets(b"a\x1b[m\xff\xc2\x9b\r\nb")
        == "a␛[m\\xff\N{REPLACEMENT CHARACTER}\nb"
    )


@pytest.mark.parametrize(
    ("text", "under_ci"),
    [
        ("::set-output name=a::b", ": :set-output name=a: :b"),
        ("x ##[add-path]/tmp", "x # #[add-path]/tmp"),
        ("##vso[task.setvariable]", "# #vso[task.setvariable]"),
        ("##teamcity[buildStop]", "# #teamcity[buildStop]"),
        ("to [2001:db8::1] at ## 3", "to [2001:db8::1] at ## 3"),
    ],
)
def test_nothing_commands_ci(text: str, under_ci: str) -> None:
    assert terminal.plain(text) == text
    assert terminal.plain_for_ci(text) == under_ci


@pytest.mark.parametrize(
    "text",
    ["::error::x", ":::error::x", "a ##vso[task.complete]", "###[add-path]x", "\\\\::a",
     "##teamcity[buildStop]", "::1", "::ffff:192.0.2.7"],
)  # fmt: skip
def test_json_has_no_orders_and_says_the_same(text: str) -> None:
    for shape in ({"a": text}, {text: [text]}):
        written = terminal.as_json(shape)
        assert json.loads(written) == shape
        assert terminal.plain_for_ci(written) == written
