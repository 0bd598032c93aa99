"""Searching the index: a condition on messages, for a text in some of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
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


class ByIndex(Func):
    """Whether a message is among those that the index has for a query."""

    output_field = BooleanField()
    table = "inbox_searchindex"  # of SQLite
    vector = "vector"  # the column of PostgreSQL

    def __init__(self) -> None:
        super().__init__(F("pk"))
        self.newest = 0  # hits, if it takes only so many

    def fts5(self) -> str:
        """Return the query as SQLite's index takes it."""
        raise NotImplementedError

    def tsquery(self) -> str:
        """Return the query as PostgreSQL's index takes it."""
        raise NotImplementedError

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        hits = f"SELECT rowid FROM {self.table} WHERE {self.table} MATCH %s"  # noqa: S608  our own words
        if self.newest:
            hits += f" ORDER BY rowid DESC LIMIT {self.newest}"
        rows = f"SELECT message_id FROM inbox_searchtext WHERE id IN ({hits})"  # noqa: S608  our own words
        return self._in(compiler, rows, self.fts5())

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        rows = f"SELECT message_id FROM inbox_searchtext WHERE {self.vector} @@ %s::tsquery"  # noqa: S608  our own words
        return self._in(compiler, rows, self.tsquery())

    def _in(self, compiler: SQLCompiler, rows: str, query: str) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        # One pass over the index: it takes a tenth of what asking for each message does.
        return f"{sql} IN ({rows})", (*params, query)


class Matches(ByIndex):
    """Whether a message has a phrase."""

    def __init__(self, phrase: list[str], columns: tuple[str, ...] = COLUMNS) -> None:
        super().__init__()
        self.phrase = phrase
        self.columns = columns

    def goes_on(self) -> bool:
        """Whether the last word may be the beginning of a longer one."""
        return is_beginning(self.phrase[-1])

    def fts5(self) -> str:
        last = "*" if self.goes_on() else ""
        columns = "" if self.columns == COLUMNS else f"{{{' '.join(self.columns)}}} : "
        return f'{columns}"{" ".join(self.phrase)}" {last}'

    def tsquery(self) -> str:
        asked = () if self.columns == COLUMNS else self.columns
        weights = "".join("ABCD"[COLUMNS.index(each)] for each in asked)
        *firsts, last = self.phrase
        words = [_lexeme(each, weights) for each in firsts]
        words.append(_lexeme(last, f"{'*' if self.goes_on() else ''}{weights}"))
        return " <-> ".join(words)


class MatchesAny(ByIndex):
    """Whether a message has any of some phrases, of one index."""

    def __init__(self, phrases: Sequence[Matches]) -> None:
        super().__init__()
        self.phrases = phrases

    def fts5(self) -> str:
        return " OR ".join(f"({each.fts5()})" for each in self.phrases)

    def tsquery(self) -> str:
        return " | ".join(f"({each.tsquery()})" for each in self.phrases)


def _lexeme(word: str, marks: str) -> str:
    return f"'{word}':{marks}" if marks else f"'{word}'"


def knows_newest() -> bool:
    """Whether the index gives its newest hits first, as newest_only asks for; SQLite's does."""
    return connection.vendor == "sqlite"


def newest_only(condition: Q, most: int | None = None) -> Q:
    """Return the condition, of which each part by the index knows its newest hits only.

    most: so many of them. Whatever it finds is right, and what it leaves out is older than all of those: enough
    for the first page of a search for a word that most messages have. It must not be
    negated, nor be one of several of which any will do: see any_of.
    """
    for child in condition.children:
        if isinstance(child, ByIndex):
            child.newest = most or _NEWEST
        elif isinstance(child, Q):
            newest_only(child, most)
    return condition


def any_of(condition: Q) -> Q | None:
    """Return several parts by the index of which any will do as one part; None for others.

    So the newest hits of all of them together are known: see newest_only.
    """
    phrases: list[Matches] = []
    ids: list[Any] = []
    for part in _alternatives(condition):
        match part:
            case Matches():
                phrases.append(part)
            case ("pk__in", [*some]):
                ids += some
            case _:
                return None
    if not phrases or {each.table for each in phrases} != {Matches.table}:
        return None
    found = Q(MatchesAny(phrases))
    return found | Q(pk__in=ids) if ids else found


def _alternatives(condition: Q) -> Iterator[object]:
    """Yield the parts of which any will do."""
    if condition.negated or (condition.connector != Q.OR and len(condition) > 1):
        yield condition
        return
    for part in condition.children:
        if isinstance(part, Q):
            yield from _alternatives(part)
        else:
            yield part
