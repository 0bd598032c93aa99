"""The test ids: the list in docs/testids.md and the templates agree."""

from __future__ import annotations

import re

from tests.running import ROOT

_ROW = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)
_ATTRIBUTE = re.compile(r'data-testid="([^"]*)"')
_VARIABLE = re.compile(r"\{\{.*?\}\}")


def listed() -> list[str]:
    text = (ROOT / "docs/testids.md").read_text()
    return [each for row in _ROW.findall(text) for each in re.findall("`([^`]+)`", row)]


def used() -> set[str]:
    return {
        _VARIABLE.sub("<key>", each)
        for file in (ROOT / "templates").rglob("*.html")
        for each in _ATTRIBUTE.findall(file.read_text())
    }


def test_what_is_listed_is_there_and_nothing_else() -> None:
    names = [each for each in listed() if each != "data-testid"]
    assert len(names) == len(set(names))
    assert set(names) == used()


def test_names_are_of_one_form() -> None:
    for each in used():
        assert re.fullmatch(r"[a-z]+(-[a-z]+|-<key>)?", each), each
