"""The full text of messages: words in an index of the database.

FTS5 on SQLite, tsvector on PostgreSQL. Both get their tokens from tokens.py, so that a
search means the same on either.
"""

from inbox.search.fulltext import header_fields
from inbox.search.fulltext.index import Texts, forget, missing, put, texts
from inbox.search.fulltext.newest import (
    any_of,
    is_by_index,
    knows_newest,
    lacking,
    newest_only,
    without_late,
)
from inbox.search.fulltext.query import matches

__all__ = [
    "Texts",
    "any_of",
    "forget",
    "header_fields",
    "is_by_index",
    "knows_newest",
    "lacking",
    "matches",
    "missing",
    "newest_only",
    "put",
    "texts",
    "without_late",
]
