"""Fixtures for what a full disk does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import mounted


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB, mounted in a place of its own."""
    with mounted(tmp_path, "size=16m"):
        yield tmp_path
