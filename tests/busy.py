"""An event loop whose own threads are all in use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def others_at_work() -> Iterator[None]:
    """Keep the running loop's executor from any other work meanwhile."""
    over = threading.Event()
    executor = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(executor)
    executor.submit(over.wait)
    try:
        yield
    finally:
        over.set()
