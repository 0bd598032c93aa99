"""The sockets that are listened on."""

from __future__ import annotations

import asyncio
import socket

from mailsink.sockets import bind
from mailsink.values import ListenAddress


async def test_no_reply_waits_for_an_acknowledgement() -> None:
    (bound,) = bind([ListenAddress("127.0.0.1", 0)], "TEST")
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, w: accepted.put(w), sock=bound)
    async with server:
        _, writer = await asyncio.open_connection(*bound.getsockname())
        ours = await accepted.get()
        wire = ours.get_extra_info("socket")
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        ours.close()
        writer.close()
