"""Handles a full disk: people and retention can still delete, thanks to a reserve.

Deleting writes before it makes room. So a file next to SQLite's database reserves some
megabytes, which are released for people and for retention, but never for mail.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar

from django.db import DatabaseError, connection

from inbox.storage.write_lock import several_turns

T = TypeVar("T")

_MIB = 1024 * 1024
# SQLite moves its log into the database once it has this many pages of 4 KiB. From a
# large log, a page that changes again and again is moved once. But on a full disk the
# log must be moved before anything can change, and the reserve must have the room for
# that.
_PAGES, _PAGES_ON_LARGE = 1000, 4000
_RESERVE, _RESERVE_ON_LARGE = 4 * _MIB, 17 * _MIB  # octets
_LARGE = 512 * _MIB  # octets: the total size of a large disk
_PIECE = 64 * 1024  # octets

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# SQLite's other errors if the log finds no room, or a quota is exceeded.
_MAYBE_FULL = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_POSTGRESQL_DISK_FULL = "53100"


def log_pages(database: Path) -> int:
    """Return the number of pages after which SQLite moves its log into the database."""
    return _PAGES_ON_LARGE if _has_room_for_large(database) else _PAGES


def _wanted(database: Path) -> int:
    """Return the intended size of the reserve, in octets."""
    return _RESERVE_ON_LARGE if _has_room_for_large(database) else _RESERVE


def _has_room_for_large(database: Path) -> bool:
    """Whether the reserve is large, or the disk has as much room in addition."""
    disk = shutil.disk_usage(database.parent)
    if disk.total < _LARGE:
        return False
    is_there = _size(_reserve(database)) >= _RESERVE_ON_LARGE
    return is_there or disk.free >= 2 * _RESERVE_ON_LARGE


def is_full(error: BaseException) -> bool:
    """Whether a write failed because its disk, or the database server's, is full."""
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        return cause.errno in _NO_ROOM
    if isinstance(cause, sqlite3.Error):
        # without the details of the extended code
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return code == sqlite3.SQLITE_FULL or (code in _MAYBE_FULL and not _has_room())
    return getattr(cause, "sqlstate", None) == _POSTGRESQL_DISK_FULL


def with_room(work: Callable[[], T]) -> T:
    """Do some work, and once more if the disk is full. Raises what the work raises."""
    try:
        return work()
    except (DatabaseError, OSError) as error:
        if not is_full(error):
            raise
    return once_more(work)


def once_more(work: Callable[[], T]) -> T:
    """Repeat work that failed on a full disk, in the room of the reserve.

    No other thread of this process writes meanwhile. The rest becomes the reserve
    again. Raises what the work raises.
    """
    if connection.vendor != "sqlite":
        return work()
    wanted = _wanted(_database())
    with several_turns():
        _path().unlink(missing_ok=True)
        _empty_log()
        try:
            return work()
        finally:
            _empty_log()
            _fill(wanted)


def keep_reserve() -> None:
    """Create the reserve if mail has as much room in addition."""
    wanted, free = _wanted(_database()), _free()
    missing = wanted - _size(_path())
    if missing > 0 and free >= missing + wanted:
        _fill(wanted)
    elif free < wanted and not _empty_log():
        # Deleted rows leave room in the database, not on the disk: mail can use it once
        # the log starts over, and the log may need the reserve's room for that.
        with several_turns():
            _path().unlink(missing_ok=True)
            _empty_log()
            _fill(wanted)


def _fill(wanted: int) -> None:
    """Make the reserve `wanted` octets long, or as long as there is room."""
    path = _path()
    with suppress(OSError), open(path, "ab", buffering=0, opener=_private) as file:
        if _allocated(file.fileno(), wanted):
            return
        while (missing := wanted - _size(path)) > 0:
            # Data that a file system can neither compress nor leave out
            file.write(os.urandom(min(missing, _PIECE)))


def _allocated(file: int, wanted: int) -> bool:
    """Have the file system allocate room for a file, if it can; return whether it has.

    Some file systems only make the file longer; then it is emptied again.
    """
    if not hasattr(os, "posix_fallocate"):  # macOS
        return False
    with suppress(OSError):
        os.posix_fallocate(file, 0, wanted)
        if os.fstat(file).st_blocks * 512 >= wanted:
            return True
        os.truncate(file, 0)
    return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _empty_log() -> bool:
    """Move SQLite's log into the database, so that the log's room is used again.

    Do nothing if the database would have to grow by more than the free room: moving
    half of the log is useless. Return whether all of it was moved.
    """
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        [wanted] = cursor.fetchone()
        if wanted - _size(_database()) <= _free():
            # waits for no reader or writer
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            _busy, within, moved = cursor.fetchone()
            return bool(within == moved)
    return False


def _has_room() -> bool:
    """Whether a little fits on the disk, by trial: figures of free space ignore quotas."""
    try:
        with TemporaryFile(dir=_database().parent, buffering=0) as file:
            file.write(bytes(_PIECE))
    except OSError as error:
        return error.errno not in _NO_ROOM
    return True


def _database() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _path() -> Path:
    return _reserve(_database())


def _reserve(database: Path) -> Path:
    return database.with_name("reserve")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _free() -> int:
    return shutil.disk_usage(_database().parent).free
