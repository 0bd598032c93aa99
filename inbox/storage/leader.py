"""Work that one process does for all: the one that holds a lock of the database."""

from __future__ import annotations

from django.db import connection


def leads(lock: int) -> bool:
    """Whether this process is the one, as long as this thread's connection is open.

    lock: the number of PostgreSQL's advisory lock. With SQLite there is one process.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        row = cursor.fetchone()
    return bool(row and row[0])
