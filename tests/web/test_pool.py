"""Requests share a few threads, and wait for none that is busy while another is idle."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async

from mailsink.web.pool import Pool


class StubDjango:
    """Does the work that a request names, on its thread, and answers."""

    async def handle(self, scope: Any, _receive: Any, send: Any) -> None:
        await sync_to_async(scope["work"])()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(pool: Pool, work: Callable[[], object]) -> int:
    """Return the status of the answer."""
    events: list[Any] = []

    async def send(event: Any) -> None:
        events.append(event)

    await pool({"work": work}, None, send)  # type: ignore[arg-type]
    return int(events[0]["status"])


async def test_nobody_waits_for_a_busy_thread_while_others_are_idle() -> None:
    pool, go_on = Pool(StubDjango(), threads=3), threading.Event()
    long = asyncio.create_task(ask(pool, go_on.wait))
    async with asyncio.timeout(20):
        short = [ask(pool, threading.get_ident) for _ in range(12)]
        assert await asyncio.gather(*short) == [200] * 12
    assert not long.done()
    go_on.set()
    assert await long == 200


async def test_a_thread_that_works_for_a_client_that_left_is_not_free() -> None:
    pool, go_on = Pool(StubDjango(), threads=2), threading.Event()
    begun = threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()

    left = asyncio.create_task(ask(pool, work))
    async with asyncio.timeout(20):
        await asyncio.to_thread(begun.wait)
        left.cancel()
        for _ in range(6):
            assert await ask(pool, threading.get_ident) == 200
    go_on.set()


async def test_threads_are_few_and_the_waiting_are_bounded() -> None:
    pool, go_on = Pool(StubDjango(), threads=2, most=5), threading.Event()
    used: set[int] = set()

    def work() -> None:
        go_on.wait()
        used.add(threading.get_ident())

    waiting = [asyncio.create_task(ask(pool, work)) for _ in range(5)]
    await asyncio.sleep(0)
    assert await ask(pool, work) == 503
    go_on.set()
    assert await asyncio.gather(*waiting) == [200] * 5
    assert len(used) <= 2
    assert await ask(pool, work) == 200
