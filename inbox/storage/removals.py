"""Removes the rows that refer to others, by their keys.

Django compiles a list of keys once more for each table: for a hundred messages it takes longer
than the database does to remove them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

# A model, and which of its fields has the key
KeyField = tuple[type[Model], str]


def remove_rows(fields: Sequence[KeyField], keys: Sequence[Any]) -> None:
    """Remove the rows that have one of these keys in one of these fields, in this order.

    Call within a turn. keys: all of one kind, no more than a turn has rows
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
