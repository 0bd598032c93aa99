"""Finds rows by their keys, with queries that are compiled once.

Django takes longer to compile a query than a database takes to find a page of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)

_SIZES = (16, 64)  # numbers of keys in the compiled queries

# The compiler that knows the columns; the SQL; its parameters without the keys
_Compiled = tuple[Any, str, tuple[Any, ...]]


class CompiledRows(Generic[M]):
    """Finds rows of a query by their keys."""

    def __init__(self, rows: QuerySet[M]) -> None:
        """rows: a query without parameters after its conditions"""
        self._rows = rows
        self._compiled: dict[int, _Compiled] = {}

    def find(self, keys: Collection[UUID]) -> list[M]:
        """Return the existing rows with these keys, in the order of the query."""
        if not keys:
            return []
        for size in _SIZES:
            if len(keys) <= size:
                return list(ModelIterable(self._with(list(keys), size)))
        return list(self._rows.filter(pk__in=keys))

    def _with(self, keys: Sequence[UUID], size: int) -> QuerySet[M]:
        """Return the query with these keys, as ModelIterable reads it."""
        if size not in self._compiled:
            self._compiled[size] = self._compile(size)
        compiled, sql, parameters = self._compiled[size]
        key, connection = self._rows.model._meta.pk, connections[DEFAULT_DB_ALIAS]
        last = [key.get_db_prep_value(each, connection) for each in keys]
        last += last[:1] * (size - len(last))
        compiler = copy(compiled)
        compiler.connection = connection
        compiler.as_sql = lambda: (sql, (*parameters, *last))
        query: Any = copy(compiled.query)
        query.get_compiler = lambda using: compiler
        rows = self._rows.all()
        rows.query = query
        return rows

    def _compile(self, size: int) -> _Compiled:
        rows = self._rows.filter(pk__in=[UUID(int=number) for number in range(size)])
        compiler: Any = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:  # no key can match
            sql, parameters = "", ()
        return compiler, sql, tuple(parameters[:-size])
