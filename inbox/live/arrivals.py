"""Waking those who wait for messages: one listener in the process, however many wait.

There is nothing to read in what is heard: who is woken looks for himself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context

from channels.layers import get_channel_layer

from inbox.live.protocol import ARRIVALS

log = logging.getLogger(__name__)

_PATIENCE = 2.0  # seconds to begin listening; after that, waiting goes on without


class Arrivals:
    """Listens to the channel layer for as long as somebody waits."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set whenever messages came or changed.

        What comes after entering is heard, unless the channel layer is out of reach.
        """
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            if self._task is None:
                self._listening = asyncio.Event()
                self._task = asyncio.create_task(
                    self._listen(self._listening),
                    context=Context(),  # it outlives the request that began it
                )
            with suppress(TimeoutError):
                # Not wait_for, which may swallow a cancellation (Python 3.11).
                async with asyncio.timeout(_PATIENCE):
                    await self._listening.wait()
            yield event
        finally:
            self._waiting.discard(event)
            if not self._waiting and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _listen(self, listening: asyncio.Event) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        try:
            await layer.group_add(ARRIVALS, channel)
            listening.set()
            while True:
                await layer.receive(channel)
                for event in self._waiting:
                    event.set()
        except OSError as error:
            log.error("Cannot hear of new messages: %s", error)
        finally:
            await layer.group_discard(ARRIVALS, channel)


arrivals = Arrivals()
