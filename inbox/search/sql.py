"""Text conditions that mean the same on SQLite and PostgreSQL, whatever the case.

SQLite's LIKE folds the case of ASCII alone, so other texts go through functions of ours.
Items of JSON lists are looked at one by one: a LIKE over the list's text would match
its keys.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

from mailsink.wildcards import fold

NOTHING = Q(pk__in=())
EVERYTHING = ~NOTHING  # not Q(), which is the same when negated

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPED = re.compile(r"(\\\\u)[0-9a-f]{4}")  # by JSON, its backslash once more by LIKE

# PostgreSQL's own ILIKE puts the pattern in lower case again for each row: 800 characters that
# are not ASCII, in a hundred addresses of each message, took a hundred times as long.
_LIKE = "LOWER({}) LIKE LOWER(%s)"

Sql = tuple[str, tuple[Any, ...]]


def has(field: str, text: str) -> Q:
    """Return: the field has the text in it."""
    if text.isascii():
        return Q(**{f"{field}__icontains": text})
    return Q(_Has(field, text))


def fits(field: str, pattern: str) -> Q:
    """Return: the whole field is as the pattern: * is any text, ? any character."""
    return Q(_Fits(field, re.sub(r"\*+", "*", pattern)))


def same(field: str, text: str) -> Q:
    """Return: the field is the text, whatever the case."""
    return Q(_Is(field, text))


def has_item(field: str, text: str) -> Q:
    """Return: a list of texts has this one, whatever the case."""
    return is_not_empty(field) & Q(_HasItem(field, text))


def is_not_empty(field: str) -> Q:
    """Return: a list of texts has any."""
    return Q(_IsNotEmpty(field))


def _like(text: str, connection: BaseDatabaseWrapper) -> str:
    return str(connection.ops.prep_for_like_query(text))


class _Text(Func):
    """Whether a text matches a column, or items of it."""

    output_field = BooleanField()

    def __init__(self, field: str, text: str, **extra: Any) -> None:
        super().__init__(F(field), **extra)
        self.text = text

    def _column(self, compiler: SQLCompiler) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return sql, tuple(params)


class _Has(_Text):
    """Whether a text column has a text that is not all ASCII in it."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        # Ours is Python, and slow: LIKE goes before it, with any character allowed
        # where there is one whose case it cannot fold.
        like = _NOT_ASCII.sub("_", _like(self.text, connection))
        sql = f"({column} LIKE %s ESCAPE '\\' AND mailsink_has({column}, %s))"
        return sql, (*params, f"%{like}%", *params, fold(self.text))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        return _LIKE.format(column), (*params, f"%{_like(self.text, connection)}%")


class _Fits(_Text):
    """Whether a text column is, as a whole, as a pattern with * and ? says."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        like = _NOT_ASCII.sub("_", self._pattern(connection))
        sql = f"{column} LIKE %s ESCAPE '\\'"
        if self.text.isascii():
            return sql, (*params, like)
        sql = f"({sql} AND mailsink_fits({column}, %s))"
        return sql, (*params, like, *params, self.text)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        return _LIKE.format(column), (*params, self._pattern(connection))

    def _pattern(self, connection: BaseDatabaseWrapper) -> str:
        return _like(self.text, connection).replace("*", "%").replace("?", "_")


class _Is(_Text):
    """Whether a text column is a text as a whole."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        if self.text.isascii():
            return rf"{column} LIKE %s ESCAPE '\'", (
                *params,
                _like(self.text, connection),
            )
        return f"mailsink_is({column}, %s)", (*params, fold(self.text))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        return _LIKE.format(column), (*params, _like(self.text, connection))


class _Item(_Text):
    """Whether an item of a JSON list matches a text, in one of its values."""

    whole: bool
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        compare, pattern = r"{} LIKE %s ESCAPE '\'", self._pattern(connection)
        if not self.text.isascii():
            compare = f"mailsink_{'is' if self.whole else 'has'}({{}}, %s)"
            pattern = fold(self.text)
        items = self._items(f"json_each({column})", self.sqlite, compare)
        # Taking lists apart is slow: first, the text has to be in the list's own.
        before = _ESCAPED.sub(r"\1____", _like(json.dumps(self.text)[1:-1], connection))
        sql = f"({column} LIKE %s ESCAPE '\\' AND {items})"
        return sql, (*params, f"%{before}%", *params, *[pattern] * len(self.sqlite))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        source = f"jsonb_array_elements({column})"
        patterns = [self._pattern(connection)] * len(self.postgresql)
        return self._items(source, self.postgresql, _LIKE), (*params, *patterns)

    def _items(self, source: str, values: tuple[str, ...], compare: str) -> str:
        matches = " OR ".join(compare.format(value) for value in values)
        return f"EXISTS (SELECT 1 FROM {source} AS item WHERE {matches})"  # noqa: S608

    def _pattern(self, connection: BaseDatabaseWrapper) -> str:
        pattern = _like(self.text, connection)
        return pattern if self.whole else f"%{pattern}%"


class HasAddress(_Item):
    """Whether a list of {"name", "address"} has one with the text in either."""

    whole = False
    sqlite = (
        "json_extract(item.value, '$.name')",
        "json_extract(item.value, '$.address')",
    )
    postgresql = ("item ->> 'name'", "item ->> 'address'")


class IsAddress(_Item):
    """Whether a list of {"name", "address"} has one with this address."""

    whole = True
    sqlite = ("json_extract(item.value, '$.address')",)
    postgresql = ("item ->> 'address'",)


class _HasItem(_Item):
    """Whether a list of texts has this one."""

    whole = True
    sqlite = ("item.value",)
    postgresql = ("item #>> '{}'",)


class _IsNotEmpty(Func):
    """Whether a list of texts has any, in the words of the partial index of those that have.

    Django would compare it with JSON('[]'), which no index has.
    """

    output_field = BooleanField()

    def __init__(self, field: str) -> None:
        super().__init__(F(field))

    def as_sql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> Sql:
        column, params = compiler.compile(self.source_expressions[0])
        return f"(NOT ({column} = '[]'))", tuple(params)
