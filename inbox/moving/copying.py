"""Copies the rows of all tables, and reads them again from the target."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import NoneType
from typing import Any

from django.core.management.color import no_style
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, JSONField

from inbox.mailbox.large import LARGE
from inbox.models import Raw
from inbox.moving.ends import SOURCE, TARGET, CannotMove
from inbox.moving.tables import MovedTable, Sum
from inbox.search import fulltext
from inbox.upkeep import indexer

_ROWS = 500  # stored together, at most
_OCTETS = 4 * 1024 * 1024  # of text and bodies stored together, approximately
# both databases accept these unchanged
_PLAIN = frozenset({int, str, bytes, bool, NoneType})
_RAW = [each.attname for each in Raw._meta.concrete_fields]

# called with a table, the rows done, the number of rows
Say = Callable[[str, int, int], None]
NewKey = Callable[[str], str]  # returns the key of a body in the target


@dataclass(slots=True)
class Copied:
    """The outcome: a sum for each table, and the bodies whose hash is wrong."""

    sums: dict[str, Sum] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)


def copy(tables: Sequence[MovedTable], new_key: NewKey, say: Say) -> Copied:
    """Copy all rows in one transaction: at its end all of them are there, or none.

    Raises CannotMove, DatabaseError.
    """
    copied = Copied()
    with transaction.atomic():
        for each in reversed(tables):  # the rows from migrations
            each.model._base_manager.all()._raw_delete(TARGET)
        for each in tables:
            copied.sums[each.name] = _copy(each, new_key, say)
            connection.check_constraints([each.name])  # no other rows refer to it yet
        for each in tables:
            _check(each, copied, say)
        _reset_sequences(tables)
    return copied


def _copy(table: MovedTable, new_key: NewKey, say: Say) -> Sum:
    total, sum = table.count(SOURCE), Sum()
    fields, there = table.fields, connections[TARGET]
    for batch in _batches(_rekeyed(table, new_key)):
        rows = [
            [
                _prepared(each, value, there)
                for each, value in zip(fields, row, strict=True)
            ]
            for row in batch
        ]
        try:
            _insert(table, rows)
        except DatabaseError as error:
            words = " ".join(str(error).split())[:300]
            raise CannotMove(
                f"rows of {table.name} cannot be stored: {words}"
            ) from None
        for row in batch:
            sum.add(row)
        say(table.name, sum.rows, total)
    return sum


def _prepared(field: Field[Any, Any], value: Any, there: BaseDatabaseWrapper) -> Any:
    """Return a value in a database's form; Django's own way is slow for most values."""
    if type(value) in _PLAIN and not isinstance(field, JSONField):
        return value
    return field.get_db_prep_save(value, there)


def _insert(table: MovedTable, rows: Sequence[Sequence[Any]]) -> None:
    """Store rows in the database's form. Raises DatabaseError."""
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(each.column)) for each in table.fields)
    into = f"{quote(table.name)} ({columns})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # PostgreSQL would have to parse INSERT statements, one for each row.
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {into} FROM STDIN") as stream,
            ):
                for row in rows:
                    stream.write_row(row)
        else:
            places = ", ".join(["%s"] * len(table.fields))
            statement = f"INSERT INTO {into} VALUES ({places})"  # noqa: S608  our names
            cursor.executemany(statement, rows)


def _rekeyed(table: MovedTable, new_key: NewKey) -> Iterator[Sequence[Any]]:
    rows = table.rows(SOURCE)
    if table.model is not Raw:
        return rows
    at = _RAW.index("key")
    return ([*row[:at], new_key(row[at]), *row[at + 1 :]] for row in rows)


def _batches(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Yield rows in batches that are stored together."""
    batch: list[Sequence[Any]] = []
    octets = 0
    for row in rows:
        batch.append(row)
        octets += _size(row)
        if octets >= _OCTETS or len(batch) == _ROWS:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _size(row: Sequence[Any]) -> int:
    return sum(len(each) for each in row if isinstance(each, str | bytes | memoryview))


def _check(table: MovedTable, copied: Copied, say: Say) -> None:
    """Compare a table in the target with its source. Raises CannotMove if they differ."""
    wanted, found = copied.sums[table.name], Sum()
    for row in table.rows(TARGET):
        found.add(row)
        if table.model is Raw:
            _check_body(dict(zip(_RAW, row, strict=True)), copied)
        if found.rows % _ROWS == 0 or found.rows == wanted.rows:
            say(f"{table.name} (check)", found.rows, wanted.rows)
    if found != wanted:
        raise CannotMove(
            f"{table.name} was not copied correctly: {wanted.rows} rows with hash "
            f"{wanted.hash[:12]} became {found.rows} with {found.hash[:12]}"
        )


def _check_body(raw: dict[str, Any], copied: Copied) -> None:
    """Note a body in the database whose hash is wrong."""
    if raw["content"] is None:
        return
    octets = bytes(raw["content"])
    try:
        octets = zlib.decompress(octets) if raw["codec"] == "zlib" else octets
    except zlib.error:
        octets = b""
    if sha256(octets).hexdigest() != raw["sha256"]:
        copied.damaged.append(str(raw["transaction_id"]))


def _reset_sequences(tables: Sequence[MovedTable]) -> None:
    """Make the numbers of new rows follow those of the copied ones."""
    models = [each.model for each in tables]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def index(say: Say) -> None:
    """Make the search index of small messages; a server does the rest in the background."""
    _gather_statistics()
    total, done = fulltext.missing().filter(size__lte=LARGE).count(), 0
    before = None
    while some := indexer.catch_up(before):
        done, before = done + len(some), min(some)
        say("search index", done, total)
    _gather_statistics()


def _gather_statistics() -> None:
    """Update the statistics for the database's query planner."""
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if is_postgresql else "PRAGMA optimize")
