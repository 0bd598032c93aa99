"""Work with the database on behalf of coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


async def in_thread(work: Callable[[], T], executor: Executor | None = None) -> T:
    """Do work with the database in a thread, whose connection is closed after it.

    executor: whose thread; that of the loop if not given
    """

    def done() -> T:
        try:
            return work()
        finally:
            connection.close()

    loop, context = asyncio.get_running_loop(), copy_context()
    return await loop.run_in_executor(executor, lambda: context.run(done))
