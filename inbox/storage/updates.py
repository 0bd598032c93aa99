"""Writes values into many rows at once, with one prepared statement.

Django's bulk_update makes an expression from each value: a thousand rows would take a
second, during which all other writers wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def put_values(
    model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write values into the fields of rows. Call within a turn.

    rows: the values in the order of names, then the key of the row
    """
    by_name = {each.name: each for each in model._meta.concrete_fields}
    fields = [*(by_name[name] for name in names), model._meta.pk]
    quoted = connection.ops.quote_name
    *columns, key = (f"{quoted(str(each.column))} = %s" for each in fields)
    table = quoted(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {', '.join(columns)} WHERE {key}",  # noqa: S608  names of our own
            [
                [
                    field.get_db_prep_save(value, connection)
                    for field, value in zip(fields, row, strict=True)
                ]
                for row in rows
            ],
        )


def put_fields(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Write the current values of fields of one model's objects. Call within a turn."""
    if rows:
        values = ([*(getattr(each, name) for name in names), each.pk] for each in rows)
        put_values(type(rows[0]), names, values)
