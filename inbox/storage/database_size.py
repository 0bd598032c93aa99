"""Where the database is, and how large."""

from __future__ import annotations

import os
from contextlib import suppress

from django.db import connection


def place() -> str:
    """Return the path of SQLite's file; of another database its kind, without its address."""
    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    return connection.vendor


def octets() -> int:
    """Return how large the database is; with SQLite, the log beside it included."""
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
