"""Clients that leave in the moment in which their requests are ended."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from mailsink.asgi import WholeHandler

SCOPE = {
    "type": "http", "method": "GET", "path": "/", "root_path": "", "query_string": b"",
    "headers": [(b"host", b"localhost")],
}  # fmt: skip


class Waiting(WholeHandler):
    """Holds its answer back. asked: a request has come; over: it may be answered"""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.over = asyncio.Event(), asyncio.Event()

    async def get_response_async(self, request: HttpRequest) -> HttpResponse:
        self.asked.set()
        await self.over.wait()
        return HttpResponse()


# Of its body, which is not closed
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_who_leaves_as_the_request_is_cancelled_makes_no_traceback() -> None:
    """As thousands do at the end of the server."""
    logged: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: logged.append(context)
    )
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b""})
    handler = Waiting()
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    request = asyncio.create_task(handler(SCOPE, messages.get, sent.put))
    await handler.asked.wait()
    messages.put_nowait({"type": "http.disconnect"})
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    handler.over.set()
    while (await sent.get()).get("more_body", True):
        pass
    gc.collect()
    assert logged == []
