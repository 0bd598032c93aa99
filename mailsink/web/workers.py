"""Worker processes for reading that would delay other requests.

A request goes to a process over a socket, and its answer comes back in pieces, like the
events of ASGI; a job is answered in the same way. The processes start with the first
work, and end after a time without any.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from mailsink.web.guard import AsgiScope, Send
from mailsink.web.worker_process import END, NOTE, WorkerProcess, event, plain

log = logging.getLogger(__name__)

T = TypeVar("T")
Take = Callable[[bytes, bytes], Awaitable[None]]  # awaited with a kind and a payload


class Unanswered(Exception):
    """There is no answer; the text is the reason for the caller."""


class Off(Unanswered):
    """The workers have not started yet, or were stopped."""

    def __init__(self) -> None:
        super().__init__("the server is stopping")


class Died(Unanswered):
    """A process ended before it sent anything."""


_TOO_MANY = "too many requests for large messages wait already"


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """The limits of the processes: work at a time, and times."""

    at_once: int = 2  # requests; one job can run in addition
    waiting: int = 100  # requests; the next one is refused
    seconds: float = 60.0  # for a place; until an answer begins; until its next piece
    idle: float = 10.0  # seconds until a process without work ends


class Workers:
    """A few processes, each with one request or job at a time."""

    def __init__(
        self,
        command: str,
        note: Callable[[Any], Awaitable[None]],
        limits: WorkerLimits | None = None,
    ) -> None:
        """Prepare the workers; start no process yet.

        command: of manage.py, which a process runs; note: awaited with each note that a
        process sends
        """
        self._command = command
        self._note = note
        self._limits = limits or WorkerLimits()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._waiting = 0
        self._slots: asyncio.Semaphore | None = None

    @property
    def are_on(self) -> bool:
        """Whether the workers accept requests."""
        return self._slots is not None

    def start(self) -> None:
        """Start to accept requests. Call on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(self._limits.at_once)
        self._jobs = asyncio.Lock()

    async def stop(self) -> None:
        """End the processes."""
        self._slots = None
        for worker in [*self._idle, *self._busy]:
            worker.end()
        self._idle.clear()

    async def answer(self, scope: AsgiScope, send: Send) -> None:
        """Let a worker answer a request without a body.

        Raises Unanswered before the head of the answer, ConnectionAbortedError after
        it.
        """
        begun = False

        async def take(kind: bytes, payload: bytes) -> None:
            nonlocal begun
            begun = True
            await send(event(kind, payload))

        try:
            async with self._place():
                await self._have(plain(scope), scope["path"], take)
        except Unanswered as why:
            if begun:  # so that the connection is closed
                raise ConnectionAbortedError(str(why)) from None
            raise

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Wait for a place among the running requests. Raises Unanswered."""
        slots = self._slots
        if slots is None:
            raise Off
        if self._waiting >= self._limits.waiting:
            raise Unanswered(_TOO_MANY)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.seconds):
                await slots.acquire()
        except TimeoutError:
            raise Unanswered(_TOO_MANY) from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            slots.release()

    def have_done(self, job: Mapping[str, str]) -> bytes:
        """Let a worker do a job; return its result. Not for the thread of the loop.

        Jobs run one at a time, and do not wait for requests. Raises Unanswered.
        """
        if not self.are_on:
            raise Off
        work = self._do(job)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _do(self, job: Mapping[str, str]) -> bytes:
        pieces: list[bytes] = []

        async def take(_: bytes, payload: bytes) -> None:
            pieces.append(payload)

        async with self._jobs:
            await self._have(job, " ".join(job.values()), take)
        return b"".join(pieces)

    async def _have(self, request: Mapping[str, Any], name: str, take: Take) -> None:
        """Let a process answer, and pass on its pieces. Raises Unanswered."""
        while (worker := self._idle_one()) is not None:
            # An idle process may have died, which shows only now: ask the next one.
            with suppress(Died):
                await self._exchange(worker, request, name, take)
                return
        await self._exchange(WorkerProcess(self._command), request, name, take)

    async def _exchange(
        self, worker: WorkerProcess, request: Mapping[str, Any], name: str, take: Take
    ) -> None:
        """Let this process answer.

        Raises Unanswered; after Died, another process can be tried.
        """
        worker.rest_no_more()
        self._busy.add(worker)
        kind = b""
        try:
            await self._in_time(worker.ask(request), name)
            while kind != END:
                kind, payload = await self._in_time(worker.hear(), name)
                if kind == NOTE:
                    await self._note(json.loads(payload))
                else:
                    await take(kind, payload)
        except Died as why:
            if kind:  # its pieces have been passed on
                raise Unanswered(str(why)) from None
            raise
        finally:
            self._busy.discard(worker)
            if kind == END and self.are_on:
                self._idle.append(worker)
                worker.rest(self._limits.idle, lambda: self._idle.remove(worker))
            else:
                worker.end()

    async def _in_time(self, step: Awaitable[T], name: str) -> T:
        """Await a step of a process; its end or its delay raises Unanswered."""
        seconds = self._limits.seconds
        try:
            async with asyncio.timeout(seconds):
                return await step
        except TimeoutError:
            error: type[Unanswered] = Unanswered
            words, why = f"took longer than {seconds:g} s", ""
        except (EOFError, OSError) as ended:
            error = Died
            words, why = "ended unexpectedly", f": {ended}"
        if not self.are_on:
            raise Off
        log.error("Reading %r %s%s", name, words, why)
        raise error(f"reading this message {words}")

    def _idle_one(self) -> WorkerProcess | None:
        """Return a process that waits for work; forget those that died."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            worker.end()
        return None
