"""Whether a database has exactly the tables, indexes and triggers of our migrations.

Additions to a schema would affect everything that is stored later: a trigger, a view, a
default, a CHECK, the expression of a column or an index; and a missing index would
break guarantees.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from inbox.models import Message

# Without those that SQLite makes for a table, which have no statement
_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
_APPLIED = ("table", "django_migrations")
# The statistics of our tables for SQLite's planner (fileformat2 §2.6)
_COUNTED = {
    ("table", "sqlite_stat1"): "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    ("table", "sqlite_stat4"): "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
}
_SIGN = re.compile(r"""'[^']*+'|"[^"]*+"|[(),]|[^'"(),]++|['"]""")
_BETWEEN = {("(", 1), (",", 1), (")", 0)}  # with the depth after it

Key = tuple[str, str]  # type and name
Schema = dict[Key, str]


def difference(source: sqlite3.Connection) -> str:
    """Return the first addition or gap of a database, for "the database …"; "" if none.

    It is compared with the result of its own migrations: it may be from an earlier
    Mailsink.
    """
    found = _schema(source.execute(_SCHEMA))
    bare = _made(frozenset())
    # No table is read before it is known to be one of ours.
    if words := _of_object(_APPLIED, found, bare):
        return words
    rows = source.execute("SELECT app, name FROM django_migrations").fetchall()
    known = MigrationLoader(None).graph.nodes
    ours = Message._meta.app_label
    newer = [name for app, name in rows if app == ours and (app, name) not in known]
    if newer:
        return f"is of a newer Mailsink ({str(newer[0])!r:.60})"
    made = _made(frozenset(row for row in rows if row in known))
    differing = (_of_object(key, found, made) for key in sorted(found | made))
    return next(filter(None, differing), "")


@cache
def _made(applied: frozenset[Key]) -> Schema:
    """Return the schema that migrations make in an empty database, in memory."""
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = ":memory:"
    try:
        executor = MigrationExecutor(connection)
        nodes = executor.loader.graph.node_map
        last = [
            key
            for key in sorted(applied)
            if not any(child.key in applied for child in nodes[key].children)
        ]
        executor.migrate(last)
        with connection.cursor() as cursor:
            cursor.execute(_SCHEMA)
            return _schema(cursor.fetchall())
    finally:
        connection.settings_dict["NAME"] = name
        connection.close()  # this would keep a database in memory open


def _schema(rows: Iterable[tuple[str, str, str]]) -> Schema:
    found = {(kind, name): " ".join(str(sql).split()) for kind, name, sql in rows}
    return {key: sql for key, sql in found.items() if _COUNTED.get(key) != sql}


def _of_object(key: Key, found: Schema, made: Schema) -> str:
    """Return how a table, an index or a trigger differs from ours; "" if it does not."""
    what = f"the {key[0]} {key[1]!r:.60}"
    if key not in made:
        return f"has {what}, which is not ours"
    if key not in found:
        return f"lacks {what}"
    theirs, ours = (_pieces(each[key]) for each in (found, made))
    for piece in theirs - ours:
        return f"has {piece!r:.80} in {what}, which is not ours"
    for piece in ours - theirs:
        return f"lacks {piece!r:.80} in {what}"
    return ""


def _pieces(sql: str) -> Counter[str]:
    """Return the columns and constraints of a statement, whose order does not matter."""
    pieces, depth = [""], 0
    for sign in _SIGN.findall(sql):
        depth += (sign == "(") - (sign == ")")
        if (sign, depth) in _BETWEEN:
            pieces.append("")
        else:
            pieces[-1] += sign
    return Counter(each.strip() for each in pieces)
