"""Turns at writing: within a process, writers go one after the other, first come first.

Only the recorder goes before all who wait: clients wait for their 250. Since it is one
thread, which asks again after its turn, every second turn is for the others.

SQLite has one writer at a time and lets the others poll, unfairly: beside a busy
recorder they would starve. Other databases need no turns, and no harm comes of them.
Several processes of one SQLite file take turns by a lock on a file beside it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.db import transaction

from inbox.storage import acts

# What a write outside the recorder may touch in one turn (DESIGN: other writers are polite).
ROWS_IN_A_TURN = 500


class _Turns:
    """A lock that is handed over in the order in which it was asked for.

    Whoever asks to be first is the next.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self, first: bool = False) -> Iterator[None]:
        """Wait for a turn, and end it."""
        self._begin(first)
        try:
            yield
        finally:
            self._end()

    def _begin(self, first: bool) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            called = threading.Lock()
            called.acquire()
            if first:
                self._waiting.appendleft(called)
            else:
                self._waiting.append(called)
        called.acquire()

    def _end(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


class _ProcessTurns:
    """Turns among processes: a lock on a file, which the system ends with its holder.

    Only who has the turn within a process asks for it.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file = -1

    def share(self, path: Path | None) -> None:
        """Take turns by a lock on this file from now on; None: there is one process.

        Called in each process: a lock that was opened before a fork belongs to both.
        """
        if self._file >= 0:
            os.close(self._file)
        self._path, self._file = path, -1

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, and end it."""
        if self._path is None:
            yield
            return
        if self._file < 0:
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


_turns = _Turns()
_process_turns = _ProcessTurns()
_is_ours: ContextVar[bool] = ContextVar("_is_ours", default=False)


def share_turns(path: Path | None) -> None:
    """Let this process take turns with others of the same SQLite file.

    path: of a file that all of them lock; None: there are no others
    """
    _process_turns.share(path)


@contextmanager
def write_turn(*, first: bool = False) -> Iterator[None]:
    """Wait for our turn, then write within one transaction. Not to be nested.

    first: before all others who wait; for the recorder alone.
    Never to be called on the event loop, since it may wait for a commit.
    """
    if _is_ours.get():
        with transaction.atomic(), acts.stored_with():
            yield
        return
    with (
        _turns.turn(first),
        _process_turns.turn(),
        transaction.atomic(),
        acts.stored_with(),
    ):
        yield


@contextmanager
def several_turns() -> Iterator[None]:
    """Wait for our turn, and keep it: each write_turn within is a transaction of ours.

    For what nobody else may write in between. Where the turn is ours already, it stays so:
    a change with If-Match may be done once more because the disk is full.
    """
    if _is_ours.get():
        yield
        return
    with _turns.turn(), _process_turns.turn():
        token = _is_ours.set(True)
        try:
            yield
        finally:
            _is_ours.reset(token)
