"""Requests share a few threads, and wait for none that is busy while another is idle."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from mailsink.web import read_time
from mailsink.web.pool import Pool

IMPORTS = [
    ("/import", "multipart/form-data; boundary=x"),
    ("/api/v3/messages", "application/mbox"),
    ("/api/v3/messages", " Application/MBOX ; charset=utf-8"),
]


class StubDjango:
    """Does the work that a request names, on its thread, and answers."""

    async def handle(self, scope: Any, _receive: Any, send: Any) -> None:
        await sync_to_async(scope["work"])()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(
    pool: Pool,
    work: Callable[[], object],
    method: str = "POST",
    query: bytes = b"",
    path: str = "/",
    kind: str = "",
) -> int:
    """Return the status of the answer. kind: of the body"""
    events: list[Any] = []

    async def send(event: Any) -> None:
        events.append(event)

    scope = {
        "work": work,
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(b"content-type", kind.encode())],
    }
    await pool(scope, None, send)  # type: ignore[arg-type]
    (status,) = [each["status"] for each in events if "status" in each]
    return int(status)


async def test_nobody_waits_for_a_busy_thread_while_others_are_idle() -> None:
    pool, go_on = Pool(StubDjango(), threads=3), threading.Event()
    long = asyncio.create_task(ask(pool, go_on.wait))
    async with asyncio.timeout(120):
        short = [ask(pool, threading.get_ident) for _ in range(12)]
        assert await asyncio.gather(*short) == [200] * 12
    assert not long.done()
    go_on.set()
    assert await long == 200


async def test_imports_keep_nobody_from_the_pages() -> None:
    """Six of 10,000 messages each had all threads, for half a minute or more."""
    pool, go_on = Pool(StubDjango()), threading.Event()
    imports = [
        asyncio.create_task(ask(pool, go_on.wait, path=path, kind=kind))
        for path, kind in IMPORTS * 2
    ]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(20):
            assert await ask(pool, threading.get_ident) == 200
    finally:
        go_on.set()
    assert await asyncio.gather(*imports) == [200] * 6


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/send", "application/json"),
        ("/api/v3/messages", "message/rfc822"),
        ("/api/v3/messages", "message/rfc822; name=application/mbox"),
        ("/api/v3/messages", ""),
    ],
)
async def test_imports_keep_no_message_from_being_taken(path: str, kind: str) -> None:
    pool, go_on = Pool(StubDjango()), threading.Event()
    imports = [
        asyncio.create_task(ask(pool, go_on.wait, path=each, kind=its))
        for each, its in IMPORTS
    ]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(20):
            assert await ask(pool, threading.get_ident, path=path, kind=kind) == 200
    finally:
        go_on.set()
    await asyncio.gather(*imports)


async def test_imports_that_wait_are_few() -> None:
    """The body of each is in the data folder meanwhile."""
    pool, go_on = Pool(StubDjango()), threading.Event()
    imports = [
        asyncio.create_task(ask(pool, go_on.wait, path="/import")) for _ in range(50)
    ]
    async with asyncio.timeout(120):
        done, _ = await asyncio.wait(imports, return_when=asyncio.FIRST_COMPLETED)
    assert {each.result() for each in done} == {503}
    go_on.set()
    assert set(await asyncio.gather(*imports)) == {200, 503}


async def test_a_thread_that_works_for_a_client_that_left_is_not_free() -> None:
    pool, go_on = Pool(StubDjango(), threads=2), threading.Event()
    begun = threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()

    left = asyncio.create_task(ask(pool, work))
    async with asyncio.timeout(120):
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


def read_for_long(go_on: threading.Event) -> Callable[[], object]:
    """Return work that is cut, and that goes on until it may where it is not."""

    def work() -> None:
        reading = read_time.current()
        assert reading is not None
        if reading.comes_again:
            reading.is_cut = True
        else:
            go_on.wait()

    return work


async def test_those_that_read_for_long_wait_for_each_other_alone() -> None:
    pool, go_on = Pool(StubDjango(), threads=2), threading.Event()
    work = read_for_long(go_on)
    long = [asyncio.create_task(ask(pool, work, "GET")) for _ in range(12)]
    async with asyncio.timeout(120):
        for _ in range(12):
            assert await ask(pool, threading.get_ident, "GET") == 200
    assert not any(each.done() for each in long)
    go_on.set()
    assert await asyncio.gather(*long) == [200] * 12


async def test_what_asks_for_much_is_not_tried_beside_others() -> None:
    pool, go_on = Pool(StubDjango(), threads=1), threading.Event()
    query = b"q=" + b"+OR+".join([b"rcpt:*a*b*c*"] * 30)
    long = asyncio.create_task(ask(pool, go_on.wait, "GET", query))
    async with asyncio.timeout(120):
        assert await ask(pool, threading.get_ident, "GET") == 200
    assert not long.done()
    go_on.set()
    assert await long == 200


async def test_more_that_read_for_long_are_refused() -> None:
    pool, go_on = Pool(StubDjango(), threads=2), threading.Event()
    work = read_for_long(go_on)
    long = [asyncio.create_task(ask(pool, work, "GET")) for _ in range(50)]
    async with asyncio.timeout(120):
        done, _ = await asyncio.wait(long, return_when=asyncio.FIRST_COMPLETED)
    assert {each.result() for each in done} == {503}
    go_on.set()
    assert set(await asyncio.gather(*long)) == {200, 503}
