"""Text conditions that mean the same on SQLite and PostgreSQL, whatever the case.

SQLite's LIKE folds the case of ASCII alone, so other texts go through REGEXP. Items of
JSON lists are looked at one by one: a LIKE over the list's text would match its keys.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

NOTHING = Q(pk__in=())
EVERYTHING = ~NOTHING  # not Q(), which is the same when negated


def has(field: str, text: str) -> Q:
    """Return: the field has the text in it."""
    if text.isascii():
        return Q(**{f"{field}__icontains": text})
    return Q(**{f"{field}__iregex": re.escape(text)})


class _Item(Func):
    """Whether an item of a JSON list matches a text."""

    output_field = BooleanField()
    whole: bool
    sqlite: str
    postgresql: str

    def __init__(self, field: str, text: str, **extra: Any) -> None:
        super().__init__(F(field), **extra)
        self.text = text

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        column, params = compiler.compile(self.source_expressions[0])
        compare, pattern = self._comparison("REGEXP", connection)
        sql = f"SELECT 1 FROM json_each({column}) AS item WHERE {self.sqlite} {compare}"  # noqa: S608
        return f"EXISTS ({sql})", (*params, pattern)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        column, params = compiler.compile(self.source_expressions[0])
        compare, pattern = self._comparison("~", connection)
        sql = (
            f"SELECT 1 FROM jsonb_array_elements({column}) AS item "  # noqa: S608
            f"WHERE {self.postgresql} {compare.replace('LIKE', 'ILIKE')}"
        )
        return f"EXISTS ({sql})", (*params, pattern)

    def _comparison(
        self, regexp: str, connection: BaseDatabaseWrapper
    ) -> tuple[str, str]:
        if self.text.isascii():
            pattern = connection.ops.prep_for_like_query(self.text)
            return r"LIKE %s ESCAPE '\'", pattern if self.whole else f"%{pattern}%"
        pattern = re.escape(self.text)
        return f"{regexp} %s", f"(?i)^{pattern}$" if self.whole else f"(?i){pattern}"


class HasAddress(_Item):
    """Whether a list of {"name", "address"} has one with the text in either."""

    whole = False
    sqlite = (
        "json_extract(item.value, '$.name') || ' ' "
        "|| json_extract(item.value, '$.address')"
    )
    postgresql = "(item ->> 'name') || ' ' || (item ->> 'address')"


class HasText(_Item):
    """Whether a list of texts has this one."""

    whole = True
    sqlite = "item.value"
    postgresql = "(item #>> '{}')"
