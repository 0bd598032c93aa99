"""Turns at writing: the writers of a process take turns, first come, first served.

Only the recorder overtakes all waiting writers, since clients wait for their 250. It is
one thread, which asks again after its turn, so every second turn is left to others.

SQLite has one writer at a time and lets the others poll, which is unfair: next to a
busy recorder they would starve. Other databases need no turns, and turns do no harm
there. Several processes with one SQLite file take turns through a lock on a file next
to it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.db import transaction

from inbox.storage import acts

# The most rows that a write outside the recorder changes in one turn, so that mail need
# not wait long.
ROWS_IN_A_TURN = 500


class _Turns:
    """A lock that is handed over in the order of the requests.

    A request to be first comes next.
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

    Only the thread that has the turn within its process requests it.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file = -1

    def share(self, path: Path | None) -> None:
        """Take turns through a lock on this file from now on; None: there is one process.

        Call in each process: a lock that was opened before a fork belongs to both
        processes.
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


def share_turns(path: Path | None) -> None:
    """Let this process take turns with the other processes of the same SQLite file.

    path: of a file that all of them lock; None: there are no other processes
    """
    _process_turns.share(path)


@contextmanager
def write_turn(*, first: bool = False) -> Iterator[None]:
    """Wait for our turn, then write within one transaction. Do not nest it.

    first: before all other waiting writers; for the recorder only. Never call it on the
    event loop, since it may wait for a commit.
    """
    kept = _kept.get()
    if kept is not None and kept.is_ours:
        with transaction.atomic(), acts.stored_with():
            yield
        kept.written()
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
    """Wait for our turn, and keep it: each write_turn within is a transaction in our turn.

    For changes that no other writer may interrupt. If the turn is ours already, it
    stays ours: a change with If-Match can be repeated after a full disk.
    """
    with _keeping(for_all=True):
        yield


@contextmanager
def turn_until_written() -> Iterator[None]:
    """Wait for our turn, and keep it until the first write_turn within has ended.

    Later writes take turns of their own: else a deletion of many rows would stop mail.
    """
    with _keeping(for_all=False):
        yield


class _Kept:
    """A turn that is kept. for_all: for all writes within, not just the first"""

    def __init__(self, stack: ExitStack, for_all: bool) -> None:
        self._stack = stack
        self._for_all = for_all
        self.is_ours = True

    def written(self) -> None:
        """Note that a write has ended."""
        if not self._for_all:
            self.end()

    @contextmanager
    def lasting(self, for_all: bool) -> Iterator[None]:
        """Keep the turn within this block, for all writes if requested."""
        before, self._for_all = self._for_all, self._for_all or for_all
        try:
            yield
        finally:
            self._for_all = before

    def end(self) -> None:
        self.is_ours = False
        self._stack.close()


_kept: ContextVar[_Kept | None] = ContextVar("_kept", default=None)


@contextmanager
def _keeping(for_all: bool) -> Iterator[None]:
    outer = _kept.get()
    if outer is not None and outer.is_ours:
        with outer.lasting(for_all):
            yield
        return
    with ExitStack() as stack:
        stack.enter_context(_turns.turn())
        stack.enter_context(_process_turns.turn())
        kept = _Kept(stack, for_all)
        token = _kept.set(kept)
        try:
            yield
        finally:
            _kept.reset(token)
            kept.end()
