"""Searching the index: a condition on messages, for a text in some of its columns."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

from inbox.search.fulltext import unindexed
from inbox.search.fulltext.index import COLUMNS
from inbox.search.fulltext.tokens import is_beginning, tokens

_LONGEST_PHRASE = 50  # tokens
_NEWEST = 2000  # hits

Sql = tuple[str, tuple[Any, ...]]


def matches(text: str, *columns: str) -> Q | None:
    """Return: one of the columns (any, where none is named) has the text in it.

    Its words side by side; the last may be the beginning of a longer one. None where
    it has no letters and no digits: then no index can tell.
    """
    phrase = tokens(text, _LONGEST_PHRASE)
    if not phrase:
        return None
    found = Q(Matches(phrase, columns or COLUMNS))
    waiting = unindexed.ids(phrase, columns or COLUMNS)
    return found | Q(pk__in=waiting) if waiting else found


class Matches(Func):
    """Whether a message is among those that the index has for a phrase."""

    output_field = BooleanField()
    table = "inbox_searchindex"  # of SQLite
    vector = "vector"  # the column of PostgreSQL

    def __init__(self, phrase: list[str], columns: tuple[str, ...] = COLUMNS) -> None:
        super().__init__(F("pk"))
        self.phrase = phrase
        self.columns = columns
        self.newest = 0  # hits, if it takes only so many

    def goes_on(self) -> bool:
        """Whether the last word may be the beginning of a longer one."""
        return is_beginning(self.phrase[-1])

    def _in(self, compiler: SQLCompiler, rows: str, query: str) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        # One pass over the index: it takes a tenth of what asking for each message does.
        return f"{sql} IN ({rows})", (*params, query)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        last = "*" if self.goes_on() else ""
        columns = "" if self.columns == COLUMNS else f"{{{' '.join(self.columns)}}} : "
        query = f'{columns}"{" ".join(self.phrase)}" {last}'
        hits = f"SELECT rowid FROM {self.table} WHERE {self.table} MATCH %s"  # noqa: S608  our own words
        if self.newest:
            hits += f" ORDER BY rowid DESC LIMIT {self.newest}"
        rows = f"SELECT message_id FROM inbox_searchtext WHERE id IN ({hits})"  # noqa: S608  our own words
        return self._in(compiler, rows, query)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        asked = () if self.columns == COLUMNS else self.columns
        weights = "".join("ABCD"[COLUMNS.index(each)] for each in asked)
        *firsts, last = self.phrase
        words = [_lexeme(each, weights) for each in firsts]
        words.append(_lexeme(last, f"{'*' if self.goes_on() else ''}{weights}"))
        rows = f"SELECT message_id FROM inbox_searchtext WHERE {self.vector} @@ %s::tsquery"  # noqa: S608  our own words
        return self._in(compiler, rows, " <-> ".join(words))


def _lexeme(word: str, marks: str) -> str:
    return f"'{word}':{marks}" if marks else f"'{word}'"


def newest_only(condition: Q, most: int | None = None) -> Q:
    """Return the condition, of which each part by the index knows its newest hits only.

    most: so many of them. Whatever it finds is right, and what it leaves out is older than all of those: enough
    for the first page of a search for a word that most messages have. It must not be
    negated, nor be one of several of which any will do.
    """
    for child in condition.children:
        if isinstance(child, Matches):
            child.newest = most or _NEWEST
        elif isinstance(child, Q):
            newest_only(child, most)
    return condition
