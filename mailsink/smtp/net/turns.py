"""Turns: busy sessions continue one after another."""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """The line of busy sessions; one of them continues in each pass of the loop.

    So ten of them make a pass, and the wait of all others, no longer than one does.
    A session that waits for the recorder after its turn continues when that has room.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    def wait(self) -> asyncio.Future[None]:
        """Join the line; the future is done when it is this session's turn."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            loop.call_soon(self._next)
        return turn

    def crowded(self) -> bool:
        """Whether a session waits for its turn."""
        return bool(self._waiting)

    def _next(self) -> None:
        turn = self._waiting.popleft()
        if not turn.done():  # it is done if its session was cancelled
            turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
