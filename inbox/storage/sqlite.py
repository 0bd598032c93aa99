"""Prepares connections to SQLite: adds the functions for our SQL, and limits the log.

Each function takes the text of a column and a text folded by mailsink.wildcards, and
ignores case in any script.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from inbox.storage.full_disk import log_pages
from mailsink.wildcards import compiled, fold


def _has(text: object, folded: str) -> bool:
    return isinstance(text, str) and folded in fold(text)


def _is(text: object, folded: str) -> bool:
    return isinstance(text, str) and folded == fold(text)


def _fits(text: object, pattern: str) -> bool:
    return isinstance(text, str) and compiled(pattern).fit(text)


def prepare(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Add the functions to a new SQLite connection, and set the length of its log."""
    if connection.vendor != "sqlite":
        return
    for function in (_has, _is, _fits):
        connection.connection.create_function(
            f"mailsink{function.__name__}", 2, function, deterministic=True
        )
    pages = log_pages(Path(str(connection.settings_dict["NAME"])))
    connection.connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
