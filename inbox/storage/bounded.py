"""Reading with a time limit: a query that takes longer is cut.

Anybody can search, and a search can read everything that is stored, once for each term.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, OperationalError, connection
from django.utils.translation import gettext as _

_STEPS = 100_000  # of SQLite's virtual machine, between two checks of the clock
_CANCELLED = "57014"  # PostgreSQL's query_canceled
# The minimum limits for PostgreSQL, in seconds, for one statement and for all: it may
# be busy, and over a network a page of thirty statements always takes long.
_ONE, _ALL = 0.25, 5.0


class TooCostly(Exception):
    """Reading took longer than allowed. The text says how to go on."""

    def __str__(self) -> str:
        return _(
            "This takes too long, because it reads too much of the stored mail: "
            "search for fewer terms, or try again later."
        )


class Bound:
    """The time limit of a thread's reading."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Start the time again, for the next reading."""
        self._end = self._clock() + self._seconds

    @property
    def left(self) -> float:
        return self._end - self._clock()

    def is_over(self) -> bool:
        return self.left <= 0


@contextmanager
def within(seconds: float) -> Iterator[Bound]:
    """Limit the time that this thread reads. Raises TooCostly.

    With SQLite the thread's processor time counts, which does not grow on a busy
    machine. With PostgreSQL the time of statements counts, with higher limits: see _ONE
    and _ALL. Do not nest it. Do not close the connection within: it would take the
    timeout along to the pool.
    """
    bounded = _sqlite if connection.vendor == "sqlite" else _postgresql
    try:
        with bounded(seconds) as bound:
            yield bound
    except OperationalError as error:
        if is_cut(error):
            raise TooCostly from None
        raise


def is_cut(error: BaseException) -> bool:
    """Whether reading failed because its time was over: in a statement, or before one."""
    if isinstance(error, TooCostly):
        return True
    cause = error.__cause__
    if getattr(cause, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
        return True
    return getattr(cause, "sqlstate", "") == _CANCELLED


@contextmanager
def _sqlite(seconds: float) -> Iterator[Bound]:
    bound = Bound(seconds, time.thread_time)
    bounded = None  # the connection that checks the clock

    def in_time(execute: Any, *statement: Any) -> Any:
        nonlocal bounded
        if bounded is not connection.connection:
            bounded = connection.connection
            bounded.set_progress_handler(bound.is_over, _STEPS)
        return execute(*statement)

    try:
        with connection.execute_wrapper(in_time):
            yield bound
    finally:
        if bounded is not None and bounded is connection.connection:
            bounded.set_progress_handler(None, 0)


@contextmanager
def _postgresql(seconds: float) -> Iterator[Bound]:
    spent = 0.0  # seconds
    bound = Bound(max(seconds, _ALL), lambda: spent)
    timeout = f"{max(seconds, _ONE) * 1000:.0f}"
    bounded = None  # the connection with the timeout

    def in_time(execute: Any, *statement: Any) -> Any:
        nonlocal bounded, spent
        if bound.is_over():
            raise TooCostly
        if bounded is not connection.connection:
            _set(f"SET statement_timeout = {timeout}")
            bounded = connection.connection
        began = time.monotonic()
        try:
            return execute(*statement)
        finally:
            spent += time.monotonic() - began

    try:
        with connection.execute_wrapper(in_time):
            yield bound
    finally:
        if bounded is not None and bounded is connection.connection:
            with suppress(DatabaseError):  # the connection may be lost
                _set("RESET statement_timeout")


def _set(statement: str) -> None:
    """Execute a statement without the execute wrappers."""
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(statement)
