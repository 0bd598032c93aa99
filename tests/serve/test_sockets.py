"""The sockets that are listened on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mailsink.conf import ConfigError
from mailsink.sockets import bind
from mailsink.values import ListenAddress


@pytest.mark.parametrize("host", ["a..b", "x" * 64, f"{'x' * 300}.test", "\udcff", "."])
def test_what_is_no_host_name_is_named(host: str) -> None:
    addresses = [ListenAddress("127.0.0.1", 0), ListenAddress(host, 25)]
    with pytest.raises(ConfigError) as caught:
        bind(addresses, "MAILSINK_SMTP")
    named = f"MAILSINK_SMTP: {host!r} is not an address of this machine ("
    assert str(caught.value).startswith(named)


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
