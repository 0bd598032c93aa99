"""Lets any number of requests share a few threads.

Django would give each request a separate thread, and hundreds of threads would leave no
time for the loop that receives mail. A request that reads for long is cut, and answered
on a separate thread: any user can start a slow search, and other requests must not wait
for it. They must not wait for imports either, which have two separate threads: one
import may bring thousands of messages.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async

from mailsink.web import read_time
from mailsink.web.fair_turns import FairTurns, TooMany
from mailsink.web.guard import AsgiMessage, AsgiScope, Receive, Send, imports_many
from mailsink.web.unavailable import unavailable

THREADS = 4
MOST = 400  # requests that wait for the head of their answer; the next gets 503
_MOST_LONG = 40  # the same for requests that read for long, and for imports
_FOR_IMPORTS = 2  # threads
_OF_A_TERM = 20  # octets of an address that one search term takes, roughly
_MUCH = 20  # search terms; a request with more is not tried on the shared threads
_SHORT, _LONG = 0.1, 10.0  # seconds that a request may read, at first and after a cut


class _Threads:
    """A few threads, which requests use in turns."""

    def __init__(self, threads: int, most: int) -> None:
        self._turns = FairTurns(threads, most)
        self._free = [ThreadSensitiveContext() for _ in range(threads)]
        self._returning: set[asyncio.Task[None]] = set()

    async def take(self, who: str, cost: int) -> ThreadSensitiveContext:
        """Return a thread when the client's turn comes. Raises TooMany."""
        await self._turns.take(who, cost)
        return self._free.pop()

    def give_back(self, thread: ThreadSensitiveContext) -> None:
        """Free a thread once it is idle: a view continues after its client has left."""
        task = asyncio.create_task(self._return(thread))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _return(self, thread: ThreadSensitiveContext) -> None:
        SyncToAsync.thread_sensitive_context.set(thread)
        await sync_to_async(_nothing)()
        self._free.append(thread)
        self._turns.leave()


class Pool:
    """Wraps Django: each request has a thread until the head of its answer is sent."""

    def __init__(self, django: Any, threads: int = THREADS, most: int = MOST) -> None:
        """django: an ASGIHandler."""
        self._django = django
        self._threads = _Threads(threads, most)
        self._for_long = _Threads(1, _MOST_LONG)
        self._for_imports = _Threads(_FOR_IMPORTS, _MOST_LONG)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        try:
            if imports_many(scope):
                await self._answer(self._for_imports, scope, receive, send)
            elif scope["method"] not in ("GET", "HEAD"):
                await self._answer(self._threads, scope, receive, send)
            elif _cost(scope) > _MUCH:
                await self._read_for_long(scope, receive, send)
            elif await self._is_cut(scope, receive, send):
                await self._read_for_long(scope, _without_body(receive), send)
        except TooMany:
            await unavailable(send, "Too many requests wait already; try again later.")

    async def _is_cut(self, scope: AsgiScope, receive: Receive, send: Send) -> bool:
        """Answer a request; return whether it was cut because it reads for long."""
        reading = read_time.begin(_SHORT, comes_again=True)

        async def send_unless_cut(message: AsgiMessage) -> None:
            if not reading.is_cut:
                await send(message)

        await self._answer(self._threads, scope, receive, send_unless_cut)
        return reading.is_cut

    async def _read_for_long(
        self, scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        read_time.begin(_LONG, comes_again=False)
        await self._answer(self._for_long, scope, receive, send)

    async def _answer(
        self, threads: _Threads, scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        thread = await threads.take(_client(scope), _cost(scope))
        has_head = False

        async def answer(message: AsgiMessage) -> None:
            nonlocal has_head
            if not has_head:  # a slow reader must not keep the thread from others
                has_head = True
                threads.give_back(thread)
            await send(message)

        # ASGIHandler.__call__ would enter a separate context for the request
        SyncToAsync.thread_sensitive_context.set(thread)
        try:
            await self._django.handle(scope, receive, answer)
        finally:
            if not has_head:
                threads.give_back(thread)


def _client(scope: AsgiScope) -> str:
    """Return the client of a request."""
    return str(scope["client"][0]) if scope.get("client") else ""


def _cost(scope: AsgiScope) -> int:
    """Return the rough cost of a request: a search for many terms has a long path."""
    return 1 + len(scope["query_string"]) // _OF_A_TERM


def _without_body(receive: Receive) -> Receive:
    """Return a receive function for a request whose body was already received."""
    is_first = True

    async def received() -> AsgiMessage:
        nonlocal is_first
        if is_first:
            is_first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        return await receive()

    return received


def _nothing() -> None:
    """Do nothing: it runs after all earlier work of a thread."""
