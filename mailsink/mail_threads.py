"""The threads that write and move the bodies of mail.

Nothing else runs on them: mail would stand in line behind whatever else is done on the
executor of the event loop, and anybody can ask the web side for much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(8, "mail")  # each waits for the disk most of the time


async def in_mail_thread(work: Callable[..., T], *args: Any) -> T:
    """Do what mail waits for, and return its result."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *args)
