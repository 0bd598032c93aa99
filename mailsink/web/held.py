"""Runs held requests on a shared thread, separate from all other requests.

Thousands of requests may be held open: the pool has too few threads for them.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

from mailsink.web.guard import AsgiScope, Receive, Send


class Held:
    """Wraps an ASGI app: requests for some paths go to Django on a separate thread."""

    def __init__(self, app: Any, django: Any, paths: frozenset[str]) -> None:
        """django: an ASGIHandler for these paths."""
        self._app = app
        self._django = django
        self._paths = paths
        self._shared = ThreadSensitiveContext()
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        async with self._one_at_a_time:
            await asyncio.sleep(0)  # let other work run between two requests
        # ASGIHandler.__call__ would enter a separate context for the request
        SyncToAsync.thread_sensitive_context.set(self._shared)
        await self._django.handle(scope, receive, send)
