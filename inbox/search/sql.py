"""Text conditions that mean the same on SQLite and PostgreSQL, whatever the case.

SQLite's LIKE folds the case of ASCII only, so other texts go through our own functions.
Items of JSON lists are compared one by one: a LIKE over the list's text would match its
keys.
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
# escaped by JSON; LIKE doubles the backslash
_ESCAPED = re.compile(r"(\\\\u)[0-9a-f]{4}")

# PostgreSQL's own ILIKE lowercases the pattern again for each row: 800 non-ASCII
# characters, compared with a hundred addresses of each message, took a hundred times as
# long.
_LIKE = "LOWER({}) LIKE LOWER(%s)"

Sql = tuple[str, tuple[Any, ...]]


def has(field: str, text: str) -> Q:
    """Match the rows whose field contains the text."""
    if text.isascii():
        return Q(**{f"{field}__icontains": text})
    return Q(_Has(field, text))


def fits(field: str, pattern: str) -> Q:
    """Match the rows whose whole field fits the pattern: * is any text, ? any character."""
    return Q(_Fits(field, re.sub(r"\*+", "*", pattern)))


def same(field: str, text: str) -> Q:
    """Match the rows whose field equals the text, ignoring case."""
    return Q(_Is(field, text))


def has_item(field: str, text: str) -> Q:
    """Match the rows whose list of texts has this one, ignoring case."""
    return is_not_empty(field) & Q(_HasItem(field, text))


def is_not_empty(field: str) -> Q:
    """Match the rows whose list of texts is not empty."""
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
    """Whether a text column contains a text that is not all ASCII."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        # Our function is Python, and slow. LIKE filters first, with a wildcard for each
        # character whose case it cannot fold.
        like = _NOT_ASCII.sub("_", _like(self.text, connection))
        sql = f"({column} LIKE %s ESCAPE '\\' AND mailsink_has({column}, %s))"
        return sql, (*params, f"%{like}%", *params, fold(self.text))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        column, params = self._column(compiler)
        return _LIKE.format(column), (*params, f"%{_like(self.text, connection)}%")


class _Fits(_Text):
    """Whether a whole text column fits a pattern with * and ?."""

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
    """Whether a whole text column equals a text."""

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
        # Taking lists apart is slow: first, the list's own text must contain the text.
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
    """Whether a list of {"name", "address"} has the text in a name or address."""

    whole = False
    sqlite = (
        "json_extract(item.value, '$.name')",
        "json_extract(item.value, '$.address')",
    )
    postgresql = ("item ->> 'name'", "item ->> 'address'")


class IsAddress(_Item):
    """Whether a list of {"name", "address"} has this address."""

    whole = True
    sqlite = ("json_extract(item.value, '$.address')",)
    postgresql = ("item ->> 'address'",)


class _HasItem(_Item):
    """Whether a list of texts has this one."""

    whole = True
    sqlite = ("item.value",)
    postgresql = ("item #>> '{}'",)


class _IsNotEmpty(Func):
    """Whether a list of texts is not empty, with the exact condition of the partial index.

    Django would compare the list with JSON('[]'), which fits no index.
    """

    output_field = BooleanField()

    def __init__(self, field: str) -> None:
        super().__init__(F(field))

    def as_sql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> Sql:
        column, params = compiler.compile(self.source_expressions[0])
        return f"(NOT ({column} = '[]'))", tuple(params)
