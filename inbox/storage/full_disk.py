"""Handles a full disk: people and retention can still delete, in the room of a reserve.

Deleting writes before it makes room. So a file beside SQLite's database holds a few
megabytes, which are given up for people and for retention, and never for mail.
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

SIZE = 4 * 1024 * 1024  # octets of the reserve
_PIECE = 64 * 1024  # octets

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What SQLite also says where its log finds no room, or where a quota ends.
_MAYBE_FULL = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_POSTGRESQL_DISK_FULL = "53100"


def is_full(error: BaseException) -> bool:
    """Whether a write failed since its disk, or the database server's, is full."""
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        return cause.errno in _NO_ROOM
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # without its details
        return code == sqlite3.SQLITE_FULL or (code in _MAYBE_FULL and not _has_room())
    return getattr(cause, "sqlstate", None) == _POSTGRESQL_DISK_FULL


def with_room(work: Callable[[], T]) -> T:
    """Do some work, once more if the disk is full. Raises what it raises."""
    try:
        return work()
    except (DatabaseError, OSError) as error:
        if not is_full(error):
            raise
    return once_more(work)


def once_more(work: Callable[[], T]) -> T:
    """Do again what failed since the disk is full, in the room of the reserve.

    Nobody else in this process writes meanwhile. The rest becomes the reserve again.
    Raises what the work raises.
    """
    if connection.vendor != "sqlite":
        return work()
    with several_turns():
        _path().unlink(missing_ok=True)
        _empty_log()
        try:
            return work()
        finally:
            _empty_log()
            _fill()


def keep_reserve() -> None:
    """Make the reserve where mail has as much room beside it."""
    free, missing = _free(), SIZE - _size(_path())
    if missing and free >= missing + SIZE:
        _fill()
    elif free < SIZE and not _empty_log():
        # What was removed for good leaves room in the database, not on the disk: mail
        # finds it once the log starts over, and the log may need the reserve's for that.
        with several_turns():
            _path().unlink(missing_ok=True)
            _empty_log()
            _fill()


def _fill() -> None:
    """Make the reserve, as large as there is room for."""
    path = _path()
    with suppress(OSError), open(path, "ab", buffering=0, opener=_private) as file:
        while (missing := SIZE - _size(path)) > 0:
            # What a file system can neither compress nor leave out
            file.write(os.urandom(min(missing, _PIECE)))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _empty_log() -> bool:
    """Move SQLite's log into the database, so that it starts over in its own room.

    Not where the database would have to grow by more than there is: what is moved by
    halves is moved for nothing. Returns whether all of it was moved.
    """
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        [wanted] = cursor.fetchone()
        if wanted - _size(_database()) <= _free():
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")  # which waits for nobody
            _busy, within, moved = cursor.fetchone()
            return bool(within == moved)
    return False


def _has_room() -> bool:
    """Whether a little fits on the disk; its figures would know of no quota."""
    try:
        with TemporaryFile(dir=_database().parent, buffering=0) as file:
            file.write(bytes(_PIECE))
    except OSError as error:
        return error.errno not in _NO_ROOM
    return True


def _database() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _path() -> Path:
    return _database().with_name("reserve")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _free() -> int:
    return shutil.disk_usage(_database().parent).free
