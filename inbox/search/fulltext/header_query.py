"""Searching the index of header fields: a condition on messages."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.sql.compiler import SQLCompiler

from inbox.search.fulltext.header_fields import KEY, field_key
from inbox.search.fulltext.query import Matches, Sql
from inbox.search.fulltext.tokens import is_beginning, tokens

_LONGEST_PHRASE = 50  # tokens


def in_field(name: str, text: str) -> Q | None:
    """Return: a field of this name has the text in it, as other words; or is there, for "".

    None where the text has no letters and no digits.
    """
    key = field_key(name)
    words = [key + word for word in tokens(text, _LONGEST_PHRASE)]
    if text.strip() and not words:
        return None
    return Q(_InHeader(words or [key], ("fields",)))


class _InHeader(Matches):
    """Whether a message is among those whose header has a phrase."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        query = f'"{" ".join(self.phrase)}" {"*" if self._goes_on() else ""}'
        hits = "SELECT rowid FROM inbox_headerindex WHERE inbox_headerindex MATCH %s"
        if self.newest:
            hits += f" ORDER BY rowid DESC LIMIT {self.newest}"
        rows = f"SELECT message_id FROM inbox_searchtext WHERE id IN ({hits})"  # noqa: S608  our own words
        return self._in(compiler, rows, query)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> Sql:
        *firsts, last = (f"'{each}'" for each in self.phrase)
        words = [*firsts, f"{last}:*" if self._goes_on() else last]
        rows = "SELECT message_id FROM inbox_searchtext WHERE header @@ %s::tsquery"
        return self._in(compiler, rows, " <-> ".join(words))

    def _goes_on(self) -> bool:
        """Whether the last word may be the beginning of one; the key alone may not."""
        word = self.phrase[-1][KEY:]
        return bool(word) and is_beginning(word)
