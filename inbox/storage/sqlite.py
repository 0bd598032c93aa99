"""Functions that our SQL needs and SQLite lacks: they ignore case in any script.

Each takes the text of a column and one that was folded by mailsink.wildcards.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from mailsink.wildcards import compiled, fold


def _has(text: object, folded: str) -> bool:
    return isinstance(text, str) and folded in fold(text)


def _is(text: object, folded: str) -> bool:
    return isinstance(text, str) and folded == fold(text)


def _fits(text: object, pattern: str) -> bool:
    return isinstance(text, str) and compiled(pattern).fit(text)


def add_functions(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new connection of SQLite its functions."""
    if connection.vendor != "sqlite":
        return
    for function in (_has, _is, _fits):
        connection.connection.create_function(
            f"mailsink{function.__name__}", 2, function, deterministic=True
        )
