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


@pytest.fixture(params=["16m", pytest.param("600m", marks=pytest.mark.long)])
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system that is small, or just large enough for SQLite to have a large log."""
    with mounted(tmp_path, f"size={request.param}"):
        yield tmp_path
