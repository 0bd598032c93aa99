"""No template and no script writes an address by itself: it would not hold below a path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
# An absolute path in an attribute, or in a text of a script
_WRITTEN = re.compile(r"""=["']/[a-z]|url\(["']?/|["'`]/[a-z][\w/-]*[a-z/]""")


@pytest.mark.parametrize("file", [*TEMPLATES, *SCRIPTS], ids=lambda file: file.name)
def test_no_file_writes_an_absolute_path(file: Path) -> None:
    assert not _WRITTEN.findall(file.read_text())


def test_styles_name_files_from_where_they_are() -> None:
    for file in (ROOT / "static" / "css").rglob("*.css"):
        assert not re.search(r"""url\(["']?/""", file.read_text()), file
