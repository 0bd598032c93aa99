"""The parent of the processes of `serve --workers`: starts, restarts and ends them.

It has no threads and no loop, so that it can fork whenever a process is missing. Its
children end when it ends for any reason: they notice that on a pipe which only it holds
open.
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
_SHORT = 10.0  # seconds; a process with a shorter life is restarted after a pause
_REST, _LONGEST_REST = 0.5, 30.0  # seconds; doubled after each short life
_READY = b"r"


@dataclass(slots=True)
class ProcessPlace:
    """The place of one process.

    name: for the log, "SMTP process 1". is_vital: if it ends by itself, all end; no
    other process does its work. sockets: replaced by others after a pause
    id, dead: the ids of the running process, and of the previous one, which died
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
    starts_at: float = 0.0  # when it is restarted; monotonic seconds
    rest: float = 0.0
    ready: int = field(default=-1)  # the pipe on which it reports that it is ready


class ParentWatch:
    """Background work of a child: drains and ends it once its parent is gone."""

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
    """The facts that a child knows.

    number: of its place; id, dead: see ProcessPlace
    """

    number: int
    id: UUID
    dead: UUID | None
    watch: ParentWatch
    ready: Callable[[], None]


class Supervisor:
    """Runs a process in each place until a signal, or the end of a vital one."""

    def __init__(
        self,
        places: Sequence[ProcessPlace],
        ready: Callable[[], None],
    ) -> None:
        """ready: called once all processes accept connections."""
        self._places = places
        self._ready = ready
        self._said_ready = False
        self._ending_at = 0.0  # when the remaining processes are killed
        self._code = 0

    def run(self, work: Callable[[Child], int]) -> int:
        """Run the work in each process; return an exit code, each process its own.

        In the parent it is 0, or the code of a vital process that ended by itself.
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
        signal.signal(signal.SIGCHLD, lambda *_: None)  # makes the signal wake us

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
        """Fork a process; return a Child in the child, and None in the parent."""
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
        """In a child, close the parent's pipes, and the sockets of other processes."""
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
        """Wait for a signal, a process that becomes ready, or a restart that is due."""
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
        """React to the end of a process."""
        if self._ending_at:
            self._code = self._code or max(code, 0)
            return
        if code >= 0 and (place.is_vital or not self._said_ready):
            self._code = code  # it has logged the reason
            self._end()
            return
        place.deaths += 1
        now = time.monotonic()
        is_short = now - place.started_at < _SHORT
        longer = min(_LONGEST_REST, max(_REST, 2 * place.rest))
        # A first death after a long life, or right after the start, may be chance.
        place.rest = longer if is_short and place.deaths > 1 else 0.0
        place.starts_at = now + place.rest
        if place.rest and self._others_take(place):
            # Otherwise clients would wait for it, although other processes are free.
            place.sockets = [let_rest(each) for each in place.sockets]
        again = f"in {place.rest:g} s" if place.rest else "now"
        log.error("%s %s; it is started again %s", place.name, _words(code), again)

    def _others_take(self, place: ProcessPlace) -> bool:
        """Whether other processes accept this one's connections during its pause."""
        others = (each for each in self._places if each is not place)
        return any(each.pid and not each.is_vital for each in others)

    # The end

    def _end(self) -> None:
        """Drain all processes; also called from a signal handler."""
        if self._ending_at:
            return
        self._ending_at = time.monotonic() + _PATIENCE
        for place in self._places:
            for each in place.sockets:
                each.close()  # new clients are refused, and do not wait
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
    """Return how a process ended, from an exit code in the form of subprocess."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
