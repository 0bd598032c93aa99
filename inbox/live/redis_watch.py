"""Watches Redis, which carries the live feed between processes; pages show an outage.

A message to ourselves takes the way of the frames. Once it comes back after a failure,
frames arrive again, and all viewers load what they missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer

from inbox.live import protocol
from inbox.live.consumer import LiveConsumer

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds
_PATIENCE = 3.0  # seconds for the message to come back
_AGAIN = 0.2  # seconds before the message is sent again meanwhile
_ECHO = "live.echo"


class RedisWatch:
    """Background work: start() and stop() run on the loop."""

    def __init__(self) -> None:
        self._is_down = False
        self._heard = asyncio.Event()  # set when the last message came back
        self._number = 0  # of the last message

    def trouble(self) -> str:
        """Return what is wrong, in words; "" if nothing is. From any thread."""
        return "Redis cannot be reached: pages are not live" if self._is_down else ""

    def start(self) -> None:
        self._layer: Any = get_channel_layer()
        self._group = f"live.echo.{uuid4().hex}"
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._run()),
        ]

    async def stop(self) -> None:
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        """Receive our own messages; the layer subscribes again after a failure."""
        while True:
            with suppress(Exception):  # Redis has its own error classes; _run logs them
                channel = await self._layer.new_channel()
                await self._layer.group_add(self._group, channel)
                while True:
                    self._take(await self._layer.receive(channel))
            await asyncio.sleep(_EVERY)

    def _take(self, message: Mapping[str, Any]) -> None:
        """Take a message from our channel; other programs can write to it as well."""
        if message["type"] == _ECHO and message["number"] == self._number:
            self._heard.set()

    async def _run(self) -> None:
        while True:
            why = await self._failure()
            if why and not self._is_down:
                self._is_down = True
                log.error("Redis cannot be reached, pages are not live: %s", why)
                await LiveConsumer.turn_off()
            elif not why and self._is_down:
                self._is_down = False
                LiveConsumer.turn_on()
                log.warning("Redis is back, pages are live")
                with suppress(Exception):
                    await self._layer.group_send(
                        protocol.CONTROL, {"type": "live.lost"}
                    )
            await asyncio.sleep(_EVERY)

    async def _failure(self) -> str:
        """Send a message to ourselves; return why it does not come back, "" if it does."""
        self._number += 1
        self._heard.clear()
        message = {"type": _ECHO, "number": self._number}
        try:
            async with asyncio.timeout(_PATIENCE):
                while not self._heard.is_set():
                    # A message that is sent before the (renewed) subscription is lost.
                    await self._layer.group_send(self._group, message)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_AGAIN):
                            await self._heard.wait()
        except TimeoutError:
            return f"no answer within {_PATIENCE:g} s"
        except Exception as error:
            return str(error)
        return ""
