"""Searching the index: a condition on messages, for a text in some of its columns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

from inbox.search.few import FEW
from inbox.search.fulltext import unindexed
from inbox.search.fulltext.index import COLUMNS
from inbox.search.fulltext.tokens import is_beginning, tokens

NEWEST = 2000  # hits
LAST_KEY = 2**63 - 1
_LONGEST_PHRASE = 50  # tokens

# Characters; the index has the hits of a beginning together, up to this length.
_PART_INDEXED = 3
# A query for the words with a given beginning, by name, if they are few. For a
# beginning, FTS5 merges all hits of all its words before it returns the first one; for
# named words it steps from one hit to the next, from either end, and need not see them
# all.
_MOST_WORDS = 20
_WORDS = """
    WITH RECURSIVE known(word) AS (
        SELECT (SELECT term FROM {words} WHERE term BETWEEN %s AND %s
            ORDER BY term LIMIT 1)
        UNION ALL
        SELECT (SELECT term FROM {words} WHERE term BETWEEN word || char(1) AND %s
            ORDER BY term LIMIT 1)
        FROM known WHERE word IS NOT NULL LIMIT {most} + 1
    )
"""
_NOTHING = "'\"\"'"  # a phrase without words
_NAMED = f"""(
    SELECT CASE WHEN count(word) > {{most}} THEN %s
        ELSE coalesce(%s || group_concat('"' || %s || word || '"', ' OR ') || ')', {_NOTHING})
    END FROM known
)"""  # noqa: S608  our own words
_IF_MANY = f"""(
    SELECT CASE WHEN count(word) > {{most}} THEN %s ELSE {_NOTHING} END FROM known
)"""  # noqa: S608  our own words
# If the words are many, the newest texts with the indexed part of the beginning are
# read, and searched for the rest.
MOST_READ = 1000
_READ = """
    {words} SELECT * FROM ({hits})
    UNION ALL SELECT id FROM (
        SELECT rowid AS hit FROM inbox_searchindex
        WHERE inbox_searchindex MATCH {if_many} AND rowid <= {until}
        ORDER BY rowid DESC LIMIT {most}
    ) JOIN inbox_searchindex_content ON id = hit
    WHERE instr({text}, %s)
"""

_HAS = """EXISTS (
    SELECT 1 FROM inbox_searchtext AS known
    JOIN inbox_searchindex_content AS texts ON texts.id = known.id
    WHERE known.message_id = {key} AND instr({text}, %s)
)"""

Sql = tuple[str, tuple[Any, ...]]


def matches(text: str, *columns: str) -> Q | None:
    """Match a text in one of the columns (default: in any).

    Its words must be adjacent; the last can be the beginning of a longer one. Return
    None if the text has no letters and no digits: these alone are indexed.
    """
    phrase = tokens(text, _LONGEST_PHRASE)
    if not phrase:
        return None
    found = Q(Matches(phrase, columns or COLUMNS))
    waiting = unindexed.ids(phrase, columns or COLUMNS)
    return found | Q(pk__in=waiting) if waiting else found


class ByIndex(Func):
    """Whether a message is among the hits of the index for a query."""

    output_field = BooleanField()
    table = "inbox_searchindex"  # of SQLite
    vector = "vector"  # the column of PostgreSQL

    def __init__(self) -> None:
        super().__init__(F("pk"))
        self.newest = 0  # the number of newest hits to take; 0: all
        self.until = LAST_KEY  # the last key of these hits

    def fts5(self) -> str:
        """Return the query in the syntax of SQLite's index."""
        raise NotImplementedError

    def newest_first(self) -> Sql:
        """Return SQL for a query whose newest hits SQLite's index gives at once."""
        raise NotImplementedError

    def tsquery(self) -> str:
        """Return the query in the syntax of PostgreSQL's index."""
        raise NotImplementedError

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        if self.newest:
            hits, params = self.newest_hits(self.newest_first())
        else:
            hits, params = self._hits("%s"), (self.fts5(),)
        rows = f"SELECT message_id FROM inbox_searchtext WHERE id IN ({hits})"  # noqa: S608  our own words
        return self._in(compiler, rows, *params)

    def newest_hits(self, query: Sql) -> Sql:
        """Return SQL for the newest keys that SQLite's index has for a query."""
        match, params = query
        last = f"AND rowid <= {self.until} ORDER BY rowid DESC LIMIT {self.newest}"
        return f"{self._hits(match)} {last}", params

    def _hits(self, match: str) -> str:
        return f"SELECT rowid FROM {self.table} WHERE {self.table} MATCH {match}"  # noqa: S608  our own words

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        rows = f"SELECT message_id FROM inbox_searchtext WHERE {self.vector} @@ %s::tsquery"  # noqa: S608  our own words
        return self._in(compiler, rows, self.tsquery())

    def _in(self, compiler: SQLCompiler, rows: str, *query: str) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        # One pass over the index takes a tenth of the time of one query for each
        # message.
        return f"{sql} IN ({rows})", (*params, *query)


class Matches(ByIndex):
    """Whether a message has a phrase."""

    def __init__(self, phrase: list[str], columns: tuple[str, ...] = COLUMNS) -> None:
        super().__init__()
        self.phrase = phrase
        self.columns = columns
        self.few = FEW.get()

    def goes_on(self) -> bool:
        """Whether the last word may be the beginning of a longer one."""
        return is_beginning(self.phrase[-1])

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        if not self.few or not self._is_plain():
            return super().as_sqlite(compiler, connection, **extra)
        # Reading a few texts is faster than the index with all hits of a common word.
        key, params = compiler.compile(self.source_expressions[0])
        sql = _HAS.format(key=key, text=self._text())
        end = "" if self.goes_on() else " "
        return sql, (*params, f" {' '.join(self.phrase)}{end}")

    def fts5(self) -> str:
        return self._beginning(self.phrase[-1])

    def newest_first(self) -> Sql:
        if not self._has_part_indexed():
            return "%s", (self.fts5(),)
        words, bounds = self._words()
        named, params = self._named(self.fts5())
        return f"({words} SELECT {named})", (*bounds, *params)

    def newest_hits(self, query: Sql) -> Sql:
        is_read = self._is_plain() and self._has_part_indexed()
        if self.newest != NEWEST or not is_read:
            return super().newest_hits(query)
        words, bounds = self._words()
        hits, params = super().newest_hits(self._named('""'))
        part = self._beginning(self.phrase[-1][:_PART_INDEXED])
        sql = _READ.format(
            words=words, hits=hits, if_many=_IF_MANY.format(most=_MOST_WORDS),
            until=self.until, most=MOST_READ, text=self._text(),
        )  # fmt: skip
        return sql, (*bounds, *params, part, f" {' '.join(self.phrase)}")

    def _is_plain(self) -> bool:
        """Whether the phrase can be searched for in the texts that the index has.

        Beyond ASCII, the case of those texts may be folded differently from that of
        tokens.
        """
        return "".join(self.phrase).isascii() and self.table == ByIndex.table

    def _text(self) -> str:
        """Return SQL for the texts, with a space before and after each word."""
        columns = (f"' ' || c{COLUMNS.index(each)} || ' '" for each in self.columns)
        return " || char(1) || ".join(columns)

    def _has_part_indexed(self) -> bool:
        """Whether the last word can go on beyond the index.

        It is then longer than the beginnings that the index has.
        """
        return self.goes_on() and len(self.phrase[-1]) > _PART_INDEXED

    def _beginning(self, last: str) -> str:
        """Return the query with another last word, which can go on if ours can."""
        words = " ".join([*self.phrase[:-1], last])
        return f'{self._within()}"{words}" {"*" if self.goes_on() else ""}'

    def _words(self) -> Sql:
        """Return SQL for the known words that begin with the last word."""
        last = self.phrase[-1]
        end = f"{last}{chr(sys.maxunicode)}"
        sql = _WORDS.format(words=f"{self.table}_words", most=_MOST_WORDS)
        return sql, (last, end, end)

    def _named(self, otherwise: str) -> Sql:
        """Return SQL for a query that names these words.

        otherwise: the query if they are many
        """
        before = "".join(f"{each} " for each in self.phrase[:-1])
        sql = _NAMED.format(most=_MOST_WORDS)
        return sql, (otherwise, f"{self._within()}(", before)

    def _within(self) -> str:
        return "" if self.columns == COLUMNS else f"{{{' '.join(self.columns)}}} : "

    def tsquery(self) -> str:
        asked = () if self.columns == COLUMNS else self.columns
        weights = "".join("ABCD"[COLUMNS.index(each)] for each in asked)
        *firsts, last = self.phrase
        words = [_lexeme(each, weights) for each in firsts]
        words.append(_lexeme(last, f"{'*' if self.goes_on() else ''}{weights}"))
        return " <-> ".join(words)


class MatchesAny(ByIndex):
    """Whether a message has any of several phrases, in one index."""

    def __init__(self, phrases: Sequence[Matches]) -> None:
        super().__init__()
        self.phrases = phrases

    def fts5(self) -> str:
        return " OR ".join(f"({each.fts5()})" for each in self.phrases)

    def newest_first(self) -> Sql:
        found = [each.newest_first() for each in self.phrases]
        either = " || ') OR (' || ".join(sql for sql, _ in found)
        params = tuple(each for _, some in found for each in some)
        return f"('(' || {either} || ')')", params

    def tsquery(self) -> str:
        return " | ".join(f"({each.tsquery()})" for each in self.phrases)


def _lexeme(word: str, marks: str) -> str:
    return f"'{word}':{marks}" if marks else f"'{word}'"
