"""How many connections a listener takes, and which of them it lets wait or turns away."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest

from mailsink.smtp.net import admission as admitting
from mailsink.smtp.net.admission import Admission
from mailsink.smtp.profile import Profile
from tests.smtp.listening import Serve, serve

__all__ = ["serve"]  # the fixture


async def test_too_many_connections(serve: Serve) -> None:
    running = await serve(Profile(max_connections=1))
    reader, writer = await running.connect()
    assert (await reader.readline()).startswith(b"220 ")
    second, second_writer = await running.connect()
    assert (await second.read()) == (
        b"421 4.3.2 Too many connections, try again later\r\n"
    )
    second_writer.close()
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()
    await running.memory.ended(2)
    third, third_writer = await running.connect()
    assert (await third.readline()).startswith(b"220 ")
    third_writer.close()


async def test_too_many_connections_of_a_client(serve: Serve) -> None:
    running = await serve(Profile(max_connections_per_client=1))
    reader, writer = await running.connect()
    assert (await reader.readline()).startswith(b"220 ")
    second, second_writer = await running.connect()
    assert (await second.read()).startswith(b"421 4.7.0 Too many connections from ")
    second_writer.close()
    writer.close()


async def test_listeners_share_the_limits_of_their_process(serve: Serve) -> None:
    admission, profile = Admission(), Profile(max_connections=2)
    first = await serve(profile, admission=admission)
    second = await serve(profile, admission=admission)
    codes, writers = [], []
    for running in (first, second, first, second):
        reader, writer = await running.connect()
        codes.append((await reader.readline())[:3])
        writers.append(writer)
        if codes[-1] == b"421":
            await reader.read()
            await running.memory.ended()
    assert codes == [b"220", b"220", b"421", b"421"]
    for writer in writers:
        writer.close()


async def test_a_silent_client_gives_way_to_another(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admitting, "_IDLE", 0.0)
    running = await serve(Profile(max_connections=2))
    silent, waiting = await running.connect(), await running.connect()
    for reader, _ in (silent, waiting):
        assert (await reader.readline()).startswith(b"220 ")
    waiting[1].write(b"NOOP\r\n")
    assert (await waiting[0].readline()).startswith(b"250 ")
    reader, writer = await running.connect("127.0.0.2")
    assert (await reader.readline()).startswith(b"220 ")
    assert await silent[0].read() == (
        b"421 4.4.2 Nothing came for 1 seconds, closing\r\n"
    )
    for _, each in (silent, waiting, (reader, writer)):
        each.close()


async def test_0_is_no_limit(serve: Serve) -> None:
    running = await serve(Profile(max_connections=0, idle_timeout=0))
    writers = []
    for _ in range(20):
        reader, writer = await running.connect()
        assert (await reader.readline()).startswith(b"220 ")
        writers.append(writer)
    for writer in writers:
        writer.close()


async def test_a_balancers_client_is_who_is_counted(serve: Serve) -> None:
    behind = (ip_network("127.0.0.0/8"),)
    running = await serve(Profile(proxy_from=behind, max_connections_per_client=1))
    codes, writers = [], []
    for client in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        reader, writer = await running.connect()
        writer.write(f"PROXY TCP4 {client} 192.0.2.9 4711 25\r\n".encode())
        codes.append((await reader.readline())[:3])
        writers.append(writer)
    assert codes == [b"220", b"421", b"220"]
    for writer in writers:
        writer.close()


async def test_drain_does_not_wait_for_a_balancer(serve: Serve) -> None:
    running = await serve(Profile(proxy_from=(ip_network("127.0.0.0/8"),)))
    reader, writer = await running.connect()
    await running.memory.until(lambda: bool(running.memory.events))
    await running.listener.drain(120)
    assert await reader.read() == b""
    assert running.memory.endings() == ["shutdown"]
    writer.close()


async def test_congestion(serve: Serve) -> None:
    running = await serve()
    running.memory.congested = True
    running.memory.gate.clear()  # and there is no room
    reader, writer = await running.connect()
    assert (await reader.read()).startswith(b"421 4.3.2 The storage cannot keep up")
    writer.close()


async def test_newcomers_wait_for_room_in_the_recorder(serve: Serve) -> None:
    running = await serve()
    running.memory.gate.clear()
    reader, writer = await running.connect()
    await running.memory.until(lambda: bool(running.memory.events))
    greeting = asyncio.create_task(reader.readline())
    for _ in range(20):  # passes of the loop, of which a greeting takes a few
        await asyncio.sleep(0)
    assert not greeting.done()
    running.memory.gate.set()
    assert (await greeting).startswith(b"220 ")
    writer.close()
