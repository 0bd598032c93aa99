"""Loads the views with the first request, in a separate thread.

If no page is opened, as in CI, mail is caught half a second earlier, and 14 MB are
saved. Mail that arrives during the import does not wait for it, as it would on the
loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mailsink.web.guard import AsgiScope, Receive, Send


class Loaded:
    """Wraps an ASGI app: its first request waits until it is loaded."""

    def __init__(self, app: Callable[..., Any], load: Callable[[], object]) -> None:
        """load: imports the modules of the app; it is called once, in a thread."""
        self._app = app
        self._load = load
        self._loading: asyncio.Future[object] | None = None

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        if not self._loading.done():
            # The first client may leave; the others still wait.
            await asyncio.shield(self._loading)
        await self._app(scope, receive, send)
