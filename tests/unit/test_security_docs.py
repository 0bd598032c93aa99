"""The files and tests that docs/security.md names are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.running import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def place(path: str) -> Path:
    """Return where a path of the page leads: from the root, or from tests/."""
    places = [each / path for each in (ROOT, ROOT / "tests") if (each / path).exists()]
    assert places, path
    return places[0]


def cells_of_tests() -> Iterator[str]:
    """Yield the last cell of each row, of the tables that end with a column of tests."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        ends = [row.strip("| ").rpartition("| ")[2] for row in table.splitlines()]
        if ends[0] in ("test", "tests"):
            yield from ends[2:]


def test_files_named_anywhere_are_there() -> None:
    named = re.findall(r"`(\w+(?:/\w+)+\.py)(?:::\w+)?`", PAGE)
    assert len(named) > 100
    for path in named:
        assert place(path).is_file()


def test_each_name_in_a_column_of_tests_is_there() -> None:
    cells = [e for e in cells_of_tests() if not e.startswith("the same")]
    assert len(cells) > 100
    for cell in cells:
        path = ""
        names = re.findall(r"`([^`]+)`", cell)
        assert names, cell
        for each in names:
            before, _, test = each.rpartition("::")
            if "/" in each:
                path = before or test
            if not test.startswith("test_"):  # a file or folder as a whole
                assert place(path).exists(), each
            else:
                text = place(path).read_text()
                assert re.search(rf"\bdef {test}\b", text), f"{path}::{test}"
