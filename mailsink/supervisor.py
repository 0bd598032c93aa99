"""The parent of the processes of `serve --workers`: starts them, starts a dead one again, ends all.

It has no threads and no loop, so that it may fork whenever a process is missing. Its
children end with it, however it ends: they hear it by a pipe that only it has open.
"""

from __future__ import annotations

import asyncio
import logging
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from mailsink.ids import uuid7
from mailsink.sockets import let_rest

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PATIENCE = 20.0  # seconds for the drain of a process; then it is killed
_SHORT = 10.0  # seconds: who lived no longer rests before it is started again
_REST, _LONGEST_REST = 0.5, 30.0  # seconds; twice as long after each short life
_READY = b"r"


@dataclass(slots=True)
class ProcessPlace:
    """A process that there is to be.

    name: for the log, "SMTP process 1". is_vital: its own end is the end of all, and no
    other has its work. sockets: others are in their place after a rest
    id, dead: of the process that runs there, and of the one before it, which died
    """

    name: str
    is_vital: bool = False
    sockets: Sequence[socket.socket] = ()
    id: UUID | None = None
    dead: UUID | None = None
    pid: int = 0
    deaths: int = 0
    is_ready: bool = False
    started_at: float = 0.0
    starts_at: float = 0.0  # when it is started again; monotonic seconds
    rest: float = 0.0
    ready: int = field(default=-1)  # the pipe on which it says that it is


class ParentWatch:
    """Background work of a child: ends the process, drained, once its parent is gone."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe, self._gone)

    async def stop(self) -> None:
        self._loop.remove_reader(self._pipe)

    def _gone(self) -> None:
        self._loop.remove_reader(self._pipe)
        os.kill(os.getpid(), signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Child:
    """A process, to itself. number: of its place. id, dead: as ProcessPlace has them"""

    number: int
    id: UUID
    dead: UUID | None
    watch: ParentWatch
    ready: Callable[[], None]


class Supervisor:
    """Runs a process at each place until a signal ends it, or a vital one ends by itself."""

    def __init__(
        self,
        places: Sequence[ProcessPlace],
        ready: Callable[[], None],
    ) -> None:
        """ready: called once all processes take connections"""
        self._places = places
        self._ready = ready
        self._said_ready = False
        self._ending_at = 0.0  # when those that are left are killed
        self._code = 0

    def run(self, work: Callable[[Child], int]) -> int:
        """Have each process do its work; return an exit code, in each process its own.

        In the parent it is 0, or that of a vital process that ended by itself.
        """
        if threading.active_count() > 1:
            raise RuntimeError("a process with threads cannot be forked")
        self._work = work
        self._theirs, self._ours = os.pipe()  # ends with this process
        self._wake, waker = socket.socketpair()
        self._wake.setblocking(False)
        waker.setblocking(False)
        self._waker = waker
        kept = {each: signal.getsignal(each) for each in (*_SIGNALS, signal.SIGCHLD)}
        self._kept = kept
        self._listen_to_signals()
        try:
            return self._watch()
        finally:
            waker.close()
            self._wake.close()

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for each in _SIGNALS:
            if self._kept[each] is not signal.SIG_IGN:
                signal.signal(each, lambda *_: self._end())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes us

    def _watch(self) -> int:
        while True:
            for number, place in enumerate(self._places):
                if self._is_due(place) and (child := self._start(number)) is not None:
                    return self._work(child)
            self._rest()
            self._hear_ready()
            self._reap()
            if self._ending_at and not any(each.pid for each in self._places):
                return self._code
            self._kill_late()

    def _is_due(self, place: ProcessPlace) -> bool:
        now = time.monotonic()
        return not place.pid and not self._ending_at and now >= place.starts_at

    # Processes

    def _start(self, number: int) -> Child | None:
        """Fork a process; return what it knows, in the child alone."""
        place = self._places[number]
        place.ready, says_ready = os.pipe()
        place.started_at, place.is_ready = time.monotonic(), False
        place.dead, place.id = place.id, uuid7()
        # A child must not act on a signal as if it were the parent.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            place.pid = os.fork()
            if place.pid:
                os.close(says_ready)
                os.set_blocking(place.ready, False)
                return None
            self._become(place)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

        def ready() -> None:
            with suppress(OSError):
                os.write(says_ready, _READY)
            os.close(says_ready)

        return Child(number, place.id, place.dead, ParentWatch(self._theirs), ready)

    def _become(self, own: ProcessPlace) -> None:
        """Let go, in a child, of what is its parent's, and of the others' sockets."""
        signal.set_wakeup_fd(-1)
        for each, handler in self._kept.items():
            signal.signal(each, handler)
        os.close(self._ours)
        for place in self._places:
            if place.ready >= 0:
                os.close(place.ready)
            if place is not own:
                for sock in place.sockets:
                    sock.close()

    def _rest(self) -> None:
        """Wait for a signal, a process that is ready, or one that is due."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            for place in self._places:
                if place.ready >= 0:
                    selector.register(place.ready, selectors.EVENT_READ)
            due = [each.starts_at for each in self._places if not each.pid]
            if self._ending_at:
                due = [self._ending_at]
            rest = max(0.0, min(due) - time.monotonic()) if due else None
            selector.select(rest)
        with suppress(BlockingIOError):
            self._wake.recv(4096)

    def _hear_ready(self) -> None:
        for place in self._places:
            if place.ready < 0:
                continue
            with suppress(BlockingIOError):
                place.is_ready = os.read(place.ready, 1) == _READY
                os.close(place.ready)
                place.ready = -1
        if not self._said_ready and all(each.is_ready for each in self._places):
            self._said_ready = True
            self._ready()

    def _reap(self) -> None:
        for place in self._places:
            if not place.pid:
                continue
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if pid:
                place.pid = 0
                self._ended(place, os.waitstatus_to_exitcode(status))

    def _ended(self, place: ProcessPlace, code: int) -> None:
        """Decide what follows from the end of a process."""
        if self._ending_at:
            self._code = self._code or max(code, 0)
            return
        if code >= 0 and (place.is_vital or not self._said_ready):
            self._code = code  # it said why
            self._end()
            return
        place.deaths += 1
        now = time.monotonic()
        is_short = now - place.started_at < _SHORT
        longer = min(_LONGEST_REST, max(_REST, 2 * place.rest))
        # The first death after a long life, or of a process that was just made, may be chance.
        place.rest = longer if is_short and place.deaths > 1 else 0.0
        place.starts_at = now + place.rest
        if place.rest and self._others_take(place):
            # Clients would wait for it, though others have time for them.
            place.sockets = [let_rest(each) for each in place.sockets]
        again = f"in {place.rest:g} s" if place.rest else "now"
        log.error("%s %s; it is started again %s", place.name, _words(code), again)

    def _others_take(self, place: ProcessPlace) -> bool:
        """Whether other processes take the connections of this one while it rests."""
        others = (each for each in self._places if each is not place)
        return any(each.pid and not each.is_vital for each in others)

    # The end

    def _end(self) -> None:
        """Drain all: called by a signal's handler, too."""
        if self._ending_at:
            return
        self._ending_at = time.monotonic() + _PATIENCE
        for place in self._places:
            for each in place.sockets:
                each.close()  # whoever connects from now on is refused, not kept waiting
            if place.pid:
                os.kill(place.pid, signal.SIGTERM)

    def _kill_late(self) -> None:
        if self._ending_at and time.monotonic() >= self._ending_at:
            for place in self._places:
                if place.pid:
                    log.error("%s does not end, and is killed", place.name)
                    os.kill(place.pid, signal.SIGKILL)
            self._ending_at = time.monotonic() + _PATIENCE
            self._code = self._code or 1


def _words(code: int) -> str:
    """Say how a process ended, by the exit code as subprocess has it."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
