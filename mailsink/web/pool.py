"""Requests share a few threads, however many come at once.

Django would give each a thread of its own, and hundreds of them would leave no time to
the loop that receives mail. A thread goes on with a view whose client has left; the
requests after it wait, so that there are never more of them at work.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

from mailsink.web.guard import AsgiMessage, AsgiScope, Receive, Send
from mailsink.web.unavailable import unavailable

THREADS = 4
MOST = 400  # requests that wait for the head of their answer; the next gets 503


class Pool:
    """Wraps Django: each request belongs to one of a few threads while it lasts."""

    def __init__(self, django: Any, threads: int = THREADS, most: int = MOST) -> None:
        """django: an ASGIHandler"""
        self._django = django
        self._most = most
        # How many requests each thread has that nobody has an answer of yet.
        self._waiting: dict[ThreadSensitiveContext, int] = {
            ThreadSensitiveContext(): 0 for _ in range(threads)
        }

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if sum(self._waiting.values()) >= self._most:
            await unavailable(send, "Too many requests wait already; try again later.")
            return
        thread = min(self._waiting, key=self._waiting.__getitem__)
        self._waiting[thread] += 1
        is_waiting = True

        def leave() -> None:
            nonlocal is_waiting
            self._waiting[thread] -= is_waiting
            is_waiting = False

        async def answer(message: AsgiMessage) -> None:
            leave()  # who reads an answer slowly must keep nobody else away
            await send(message)

        # Where ASGIHandler.__call__ would enter a context of the request's own
        SyncToAsync.thread_sensitive_context.set(thread)
        try:
            await self._django.handle(scope, receive, answer)
        finally:
            leave()
