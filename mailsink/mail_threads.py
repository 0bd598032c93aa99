"""The threads that write and move the bodies of mail.

Nothing else runs on them. On the executor of the event loop, mail would wait for other
work, and any client can make the web side do much work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(8, "mail")  # mostly waiting for the disk


async def in_mail_thread(work: Callable[..., T], *args: Any) -> T:
    """Run work that mail waits for, and return its result."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *args)
