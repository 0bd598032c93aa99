"""Requests share a few threads, however many come at once.

Django would give each a thread of its own, and hundreds of them would leave no time to
the loop that receives mail.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async

from mailsink.web.guard import AsgiMessage, AsgiScope, Receive, Send
from mailsink.web.unavailable import unavailable

THREADS = 4
MOST = 400  # requests that wait for the head of their answer; the next gets 503


class Pool:
    """Wraps Django: each request has a thread until the head of its answer is sent."""

    def __init__(self, django: Any, threads: int = THREADS, most: int = MOST) -> None:
        """django: an ASGIHandler"""
        self._django = django
        self._most = most
        self._waiting = 0
        self._free = asyncio.Queue[ThreadSensitiveContext]()
        for _ in range(threads):
            self._free.put_nowait(ThreadSensitiveContext())
        self._returning: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if self._waiting >= self._most:
            await unavailable(send, "Too many requests wait already; try again later.")
            return
        self._waiting += 1
        try:
            thread = await self._free.get()
        except BaseException:
            self._waiting -= 1
            raise
        has_head = False

        async def answer(message: AsgiMessage) -> None:
            nonlocal has_head
            if not has_head:  # who reads it slowly must keep nobody else away
                has_head = True
                self._leave(thread)
            await send(message)

        # Where ASGIHandler.__call__ would enter a context of the request's own
        SyncToAsync.thread_sensitive_context.set(thread)
        try:
            await self._django.handle(scope, receive, answer)
        finally:
            if not has_head:
                self._leave(thread)

    def _leave(self, thread: ThreadSensitiveContext) -> None:
        self._waiting -= 1
        task = asyncio.create_task(self._return(thread))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _return(self, thread: ThreadSensitiveContext) -> None:
        """Give a thread back once it is idle: a view goes on though its client has left."""
        SyncToAsync.thread_sensitive_context.set(thread)
        await sync_to_async(_nothing)()
        self._free.put_nowait(thread)


def _nothing() -> None:
    """Run when all that a thread had to do before is done."""
