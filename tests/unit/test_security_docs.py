"""The files and tests that docs/security.md names are there."""

from __future__ import annotations

import re

from tests.running import ROOT


def test_what_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`(\w+(?:/\w+)+\.py)(?:::(\w+))?`", page)
    assert len(named) > 100
    for path, name in named:
        places = [
            each for each in (ROOT / path, ROOT / "tests" / path) if each.exists()
        ]
        assert places, path
        assert f" {name}" in places[0].read_text(), f"{path}::{name}"
