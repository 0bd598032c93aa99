"""What a database holds, to be compared before and after it is opened."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection

# Old columns: their new names. A migration that renames one adds a line.
RENAMED = {("inbox_session", "door"): "listener_kind"}
# Old columns that are gone, which nothing ever wrote to: they hold "" in each row.
REMOVED = {("inbox_inbox", "credentials")}
_SAMPLE = 20  # rows of a table

# For each column of each table the number of rows, a digest of them, and a sample
Contents = dict[str, dict[str, list[Any]]]


def contents() -> Contents:
    """Return what each column of each table of ours holds, in the order of the key."""
    with connection.cursor() as cursor:
        return {
            table: _columns(cursor, table)
            for table in connection.introspection.table_names(cursor)
            # The tables behind SQLite's full text are its own affair.
            if table.startswith("inbox_") and "inbox_searchindex_" not in table
        }


def _columns(cursor: Any, table: str) -> dict[str, list[Any]]:
    key = connection.introspection.get_primary_key_columns(cursor, table) or ["rowid"]
    cursor.execute(f"SELECT * FROM {table} ORDER BY {', '.join(key)}")
    names = [each[0] for each in cursor.description]
    rows = [
        [bytes(each) if isinstance(each, memoryview) else each for each in row]
        for row in cursor.fetchall()
    ]
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    return dict(zip(names, map(_described, values), strict=True))


def _described(values: tuple[Any, ...]) -> list[Any]:
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    sample = values[:: len(values) // _SAMPLE + 1]
    return [len(values), digest, *map(repr, sample)]


def renamed(old: Contents) -> Contents:
    """Return it with the columns named as they are now, without those that are gone."""
    return {
        table: {
            RENAMED.get((table, name), name): each
            for name, each in columns.items()
            if (table, name) not in REMOVED
        }
        for table, columns in old.items()
    }
