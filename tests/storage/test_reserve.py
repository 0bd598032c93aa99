"""The reserve has the room that it is to give up, whatever the file system does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from inbox.storage import full_disk

MIB = 1024 * 1024


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mailsink.sqlite3"
    monkeypatch.setattr(full_disk, "_database", lambda: path)
    return path


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the system says of the disk, in octets."""
    usage = SimpleNamespace(total=1024 * MIB, free=500 * MIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    return usage


def room_of(path: Path) -> int:
    """Return how many octets of the disk a file has."""
    return path.stat().st_blocks * 512


def test_the_reserve_is_as_large_as_the_log(
    database: Path, disk: SimpleNamespace
) -> None:
    full_disk.keep_reserve()
    reserve = database.with_name("reserve")
    assert room_of(reserve) >= reserve.stat().st_size == 17 * MIB
    assert full_disk.log_pages(database) * 4096 < 17 * MIB
    disk.free = 0
    assert full_disk.log_pages(database) == 4000


@pytest.mark.parametrize(("total", "free"), [(500, 400), (1024, 33)])
def test_a_log_without_a_large_reserve_stays_small(
    database: Path, disk: SimpleNamespace, total: int, free: int
) -> None:
    disk.total, disk.free = total * MIB, free * MIB
    assert full_disk.log_pages(database) == 1000
    full_disk.keep_reserve()
    assert database.with_name("reserve").stat().st_size == 4 * MIB


@pytest.mark.parametrize("allot", [os.truncate, None])
@pytest.mark.usefixtures("disk")
def test_a_file_system_that_cannot_allot_room_is_written_to(
    database: Path, monkeypatch: pytest.MonkeyPatch, allot: object
) -> None:
    if allot:
        # As ZFS does: the file is as long, and has nothing of the disk.
        monkeypatch.setattr(
            os, "posix_fallocate", lambda file, _start, size: os.truncate(file, size)
        )
    else:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    full_disk.keep_reserve()
    assert room_of(database.with_name("reserve")) >= 17 * MIB
