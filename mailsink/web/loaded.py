"""The views are loaded with the first request, in a thread of its own.

Where nobody looks, as in CI, mail is caught half a second earlier and 14 MB are saved;
and mail that comes meanwhile does not wait, as it would if the loop imported them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mailsink.web.guard import AsgiScope, Receive, Send


class Loaded:
    """Wraps an ASGI app: its first request waits until it is loaded."""

    def __init__(self, app: Callable[..., Any], load: Callable[[], object]) -> None:
        """load: imports what the app needs; it is called once, in a thread"""
        self._app = app
        self._load = load
        self._loading: asyncio.Future[object] | None = None

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        if not self._loading.done():
            # Whoever asked first may leave; the others wait on.
            await asyncio.shield(self._loading)
        await self._app(scope, receive, send)
