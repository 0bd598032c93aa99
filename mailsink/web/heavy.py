"""Passes requests to the workers if their answers would delay other requests.

Most are recognised by their address; the app finds the others before it answers
(elsewhere.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mailsink.web import elsewhere
from mailsink.web.guard import AsgiMessage, AsgiScope, Receive, Send
from mailsink.web.unavailable import unavailable
from mailsink.web.workers import Unanswered, Workers

# Seconds for an answer to finish after its client has gone: that costs less than a new
# process. An archive would take minutes.
_TO_END = 5.0


class Heavy:
    """Wraps an ASGI app: requests for which is_heavy is true go to the workers."""

    def __init__(
        self,
        app: Callable[..., Any],
        workers: Workers,
        is_heavy: Callable[[str, str], Any],
    ) -> None:
        """is_heavy: called with the path and the query, and awaited."""
        self._app = app
        self._workers = workers
        self._is_heavy = is_heavy

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        reads = scope["method"] in ("GET", "HEAD") and self._workers.are_on
        query = scope["query_string"].decode("latin-1")
        if not reads:
            await self._app(scope, receive, send)
        elif await self._is_heavy(scope["path"], query) or not (
            await self._answer_here(scope, receive, send)
        ):
            await self._pass_on(scope, receive, send)

    async def _answer_here(
        self, scope: AsgiScope, receive: Receive, send: Send
    ) -> bool:
        """Return whether the app answered, and did not ask for another process."""
        answering = elsewhere.begin()

        async def send_unless_elsewhere(message: AsgiMessage) -> None:
            if not answering.elsewhere:
                answering.begun = True
                await send(message)

        await self._app(scope, receive, send_unless_elsewhere)
        return not answering.elsewhere

    async def _pass_on(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                watch = asyncio.create_task(_hurry(limit, receive))
                try:
                    await self._answer(scope, send)
                finally:
                    watch.cancel()

    async def _answer(self, scope: AsgiScope, send: Send) -> None:
        try:
            await self._workers.answer(scope, send)
        except Unanswered as why:
            words = f"{str(why)[0].upper()}{str(why)[1:]}; try again later."
            await unavailable(send, words)


async def _hurry(limit: asyncio.Timeout, receive: Receive) -> None:
    """Start the time limit once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    limit.reschedule(asyncio.get_running_loop().time() + _TO_END)
