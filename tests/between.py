"""Lets something happen between two queries of what is read, as others may make it happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def after_query(words: str, act: Callable[[], object]) -> Iterator[None]:
    """Act once, right after the first SELECT with these words; there has to be one."""
    done = False

    def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal done
        rows = execute(sql, *rest)
        if not done and sql.startswith("SELECT") and words in sql:
            done = True
            act()
        return rows

    with connection.execute_wrapper(look):
        yield
    assert done, f"nothing was read with {words}"
