"""A client of /ws/live, for tests."""

from __future__ import annotations

import json
from typing import Any

from channels.testing import WebsocketCommunicator

from inbox.live.consumer import LiveConsumer

PATIENCE = 120  # seconds, for a busy machine


class Socket(WebsocketCommunicator):
    """A websocket to an application within the test; it waits for as long as it takes."""

    async def receive_output(self, *_: float) -> Any:
        return await super().receive_output(PATIENCE)

    async def wait(self, *_: float) -> None:
        await super().wait(PATIENCE)


class Client(Socket):
    """A client that speaks the protocol."""

    def __init__(self) -> None:
        super().__init__(LiveConsumer.as_asgi(), "/ws/live")

    async def greet(self) -> dict[str, Any]:
        connected, _ = await self.connect()
        assert connected
        return await self.next()

    async def next(self) -> dict[str, Any]:
        frame = json.loads(await self.receive_from())
        assert isinstance(frame, dict)
        return frame

    async def say(self, **frame: Any) -> None:
        await self.send_to(text_data=json.dumps(frame))

    async def ask(self, **frame: Any) -> dict[str, Any]:
        await self.say(**frame)
        return await self.next()

    async def silence(self) -> None:
        """See that nothing more was sent: the next frame answers what is said now."""
        assert (await self.ask(type="?"))["type"] == "error"
