"""Removes the rows that refer to other rows, by the keys of these.

Django compiles the list of keys again for each table: for a hundred messages this takes
longer than the removal in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

# A model, and its field that has the key
KeyField = tuple[type[Model], str]


def remove_rows(fields: Sequence[KeyField], keys: Sequence[Any]) -> None:
    """Remove the rows with one of these keys in one of these fields.

    The fields are taken in order. Call within a turn. keys: all of one type, no more
    than a turn's rows.
    """
    if not keys:
        return
    quoted = connection.ops.quote_name
    prepared = _field(*fields[0])
    values = [prepared.get_db_prep_value(each, connection) for each in keys]
    places = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        for model, name in fields:
            table = quoted(model._meta.db_table)
            column = quoted(str(_field(model, name).column))
            cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({places})", values)  # noqa: S608  names of our own


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field
