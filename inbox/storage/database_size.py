"""The place and size of the database, and the shrinking of SQLite's file."""

from __future__ import annotations

import os
from contextlib import suppress

from django.db import connection

from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

# Free room that stays in the file for new data: a part of it, but at least these octets
_SPARE, _SPARE_OCTETS = 0.25, 16 * 1024 * 1024


def place() -> str:
    """Return the path of SQLite's file, or the kind of another database.

    The address of another database is not shown.
    """
    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    return connection.vendor


def octets() -> int:
    """Return the size of the database; with SQLite, including the log."""
    if connection.vendor == "sqlite":
        total = 0
        for path in (place(), f"{place()}-wal"):
            with suppress(OSError):
                total += os.stat(path).st_size
        return total
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def shrink() -> int:
    """Return a turn's worth of free pages to the disk; return their number.

    It is 0 on PostgreSQL, and for a file that cannot shrink (from before migration
    0047).
    """
    if connection.vendor != "sqlite" or _pragma("auto_vacuum") != _INCREMENTAL:
        return 0
    free, pages = _pragma("freelist_count"), _pragma("page_count")
    if free <= max(pages * _SPARE, _SPARE_OCTETS / _pragma("page_size")):
        return 0
    with write_turn(), connection.cursor() as cursor:
        for _ in range(ROWS_IN_A_TURN):  # the driver stops the pragma after one page
            cursor.execute("PRAGMA incremental_vacuum(1)")
    return max(0, free - _pragma("freelist_count"))


_INCREMENTAL = 2


def _pragma(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        (value,) = cursor.fetchone()
    return int(value)
