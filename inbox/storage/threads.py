"""Database work on behalf of coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")

CALM = 1.0  # seconds without work, after which OwnThread closes its connection


async def in_thread(work: Callable[[], T], executor: Executor | None = None) -> T:
    """Do database work in a thread, and close the thread's connection afterwards.

    executor: provides the thread; default: the loop's executor
    """

    def done() -> T:
        try:
            return work()
        finally:
            connection.close()

    loop, context = asyncio.get_running_loop(), copy_context()
    return await loop.run_in_executor(executor, lambda: context.run(done))


class OwnThread:
    """A thread for recurring work, which keeps its connection open in between.

    Opening a connection takes longer than most work: SQLite reads the whole schema.
    After failed work, the next work gets a new connection.
    """

    def __init__(self, name: str) -> None:
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    async def do(self, work: Callable[[], T]) -> T:
        """Do work, after all work that was requested before."""
        if not self._thread.is_alive():
            self._thread.start()
        done: Future[T] = Future()
        self._asked.put((done, work))
        return await asyncio.wrap_future(done)

    def _run(self) -> None:
        is_open = False
        while True:
            is_open = self._do_next(CALM if is_open else None)

    def _do_next(self, patience: float | None) -> bool:
        """Do the next work; close the connection if none comes within `patience` seconds.

        Return whether the connection may be open.
        """
        try:
            done, work = self._asked.get(timeout=patience)
        except Empty:
            connection.close()
            return False
        if done.set_running_or_notify_cancel():
            try:
                done.set_result(work())
            except BaseException as error:
                connection.close()
                done.set_exception(error)
        return True
