"""Calls are made to checked addresses, once, and within bounds of time and size."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mailsink import tls
from mailsink.posting.poster import Addresses, LookUp, Poster, PostResult
from tests.private import free_port
from tests.receiver import receiving

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]
HEADERS = {"content-type": "application/json"}


async def post(url: str, poster: Poster | None = None, **given: Any) -> PostResult:
    poster = poster or Poster(**{"allowed": LOOPBACK} | given)
    try:
        return await poster.post(url, HEADERS, b"{}")
    finally:
        await poster.close()


def names(*answers: list[str]) -> LookUp:
    """A resolver that gives one answer after the other, and then the last again."""
    left = list(answers)

    async def look_up(host: str, port: int) -> Addresses:
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [
            entry
            for each in addresses
            for entry in socket.getaddrinfo(each, port, type=socket.SOCK_STREAM)
        ]

    return look_up


@asynccontextmanager
async def scripted(
    play: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any],
) -> AsyncIterator[str]:
    """A server on a free port that does with a connection what a script says."""
    playing = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing.add(asyncio.current_task())
        try:
            await play(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.close()
        for each in playing:
            each.cancel()
        await asyncio.gather(*playing, return_exceptions=True)


class TestAnswers:
    async def test_success(self) -> None:
        with receiving(lambda n, call: 200) as receiver:
            result = await post(f"{receiver.url}a%2Fb?c=d")
        assert (result.code, result.text, result.is_success) == (200, "answered", True)
        assert receiver.calls[0].path == "/a%2Fb?c=d"

    async def test_a_redirect_is_not_followed(self) -> None:
        moved = b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
        with receiving(lambda n, call: moved) as receiver:
            result = await post(receiver.url)
        assert result.code == 307
        assert not result.is_success
        assert [call.path for call in receiver.calls] == ["/"]

    async def test_when_to_come_again(self) -> None:
        busy = b"HTTP/1.1 429 No\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
        with receiving(lambda n, call: busy) as receiver:
            assert (await post(receiver.url)).retry_after == 120

    async def test_control_octets_are_written_out(self) -> None:
        body = b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\n\x00\x1b\xff\n"
        with receiving(lambda n, call: body) as receiver:
            result = await post(receiver.url)
        assert result.text == r"\x00\x1b\xff\x0a"

    async def test_nobody_listens(self) -> None:
        result = await post(f"http://127.0.0.1:{free_port()}/secret")
        assert result.code is None
        assert result.text.startswith("No connection: ")
        assert "secret" not in result.text

    async def test_what_is_no_http(self) -> None:
        with receiving(lambda n, call: b"220 smtp.test ESMTP\r\n") as receiver:
            result = await post(receiver.url)
        assert result.code is None


class TestBounds:
    async def test_a_response_without_end(self) -> None:
        ended = asyncio.Event()

        async def play(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b"HTTP/1.1 200 Ok\r\n\r\n")
            try:
                while True:
                    writer.write(b"x" * 65536)
                    await writer.drain()
            except ConnectionError:
                ended.set()

        async with scripted(play) as url:
            result = await post(url)
            assert result.is_success
            assert len(result.text) == 1000
            await ended.wait()

    async def test_a_response_that_trickles(self) -> None:
        async def play(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            try:
                writer.write(b"HTTP/1.1 200 Ok\r\n")
                while True:
                    writer.write(b"a: b\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.01)
            except ConnectionError:
                pass

        async with scripted(play) as url:
            result = await post(url, seconds=0.5)
        assert result.code is None

    async def test_a_server_that_says_nothing(self) -> None:
        gone = asyncio.Event()

        async def play(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.read()
            writer.close()
            gone.set()

        async with scripted(play) as url:
            result = await post(url, seconds=1)
            await gone.wait()
        assert result.text == "No response within 1 seconds."

    async def test_what_is_packed_is_not_unpacked(self) -> None:
        bomb = (
            b"HTTP/1.1 200 Ok\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
        )
        with receiving(lambda n, call: bomb) as receiver:
            assert (await post(receiver.url)).text == "abc"


class TestAddresses:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0",
            "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
            "[::127.0.0.1]", "localhost", "LOCALHOST.", "127.0.0.1.",
        ],
    )  # fmt: skip
    async def test_this_machine_is_not_reached(self, host: str) -> None:
        with receiving() as receiver:
            port = receiver.url.rstrip("/").rpartition(":")[2]
            result = await post(f"http://{host}:{port}/", allowed=[])
        assert result.code is None
        assert receiver.calls == []

    async def test_a_name_is_checked_each_time_it_is_looked_up(self) -> None:
        """It stands for a public address first, then for this machine."""
        with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "rebind.test")
            poster = Poster(look_up=names(["192.0.2.1"], ["127.0.0.1"]), seconds=0.1)
            assert (await poster.post(url, HEADERS, b"")).code is None
            second = await post(url, poster)
        assert second.text == (
            "rebind.test is a loopback address, which is not allowed."
        )
        assert receiver.calls == []

    async def test_the_connection_goes_to_the_address_that_was_checked(self) -> None:
        """Nobody asks again between the check and the connection."""
        asked = []
        answers = names(["127.0.0.1"], ["192.0.2.1"])

        async def look_up(host: str, port: int) -> Addresses:
            asked.append(host)
            return await answers(host, port)

        with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "name.test")
            assert (await post(url, look_up=look_up)).is_success
        assert asked == ["name.test"]
        assert receiver.calls[0].headers["host"].startswith("name.test:")

    async def test_of_several_addresses_only_the_allowed_are_called(self) -> None:
        allowed = [ipaddress.ip_network("127.0.0.1/32")]
        with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "name.test")
            look_up = names(["127.0.0.2", "::1", "127.0.0.1"])
            assert (await post(url, allowed=allowed, look_up=look_up)).is_success
            look_up = names(["127.0.0.2", "::1"])
            refused = await post(url, allowed=allowed, look_up=look_up)
        assert "which is not allowed" in refused.text

    async def test_the_last_check_is_at_the_socket(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also if the check of what a name stands for were missing."""
        with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "name.test")
            poster = Poster(look_up=names(["127.0.0.1"]))
            monkeypatch.setattr(poster, "_resolve", poster._look_up)
            result = await post(url, poster)
        assert result.text == "127.0.0.1 is a loopback address, which is not allowed."
        assert receiver.calls == []

    async def test_no_proxy_of_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with receiving() as proxy, receiving() as receiver:
            for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            assert (await post(receiver.url)).is_success
        assert proxy.calls == []
        assert len(receiver.calls) == 1


class TestTls:
    @pytest.fixture
    def server(self, tmp_path: Path) -> ssl.SSLContext:
        return tls.own_context(tmp_path, "mx.test")

    @pytest.fixture
    def trusting(self, server: ssl.SSLContext, tmp_path: Path) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(tmp_path / "tls-cert.pem"))

    async def test_a_name_with_its_certificate(
        self, server: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        asked: list[str | None] = []
        server.sni_callback = lambda _socket, name, _context: asked.append(name)
        with receiving(tls=server) as receiver:
            url = receiver.url.replace("127.0.0.1", "mx.test")
            look_up = names(["127.0.0.1"])
            assert (await post(url, look_up=look_up, tls=trusting)).is_success
        assert asked == ["mx.test"]
        assert receiver.calls[0].headers["host"].startswith("mx.test:")

    async def test_a_certificate_of_another_name(
        self, server: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        with receiving(tls=server) as receiver:
            url = receiver.url.replace("127.0.0.1", "other.test")
            look_up = names(["127.0.0.1"])
            result = await post(url, look_up=look_up, tls=trusting)
        assert result.text.startswith("TLS failed: Hostname mismatch")
        assert receiver.calls == []

    async def test_a_certificate_that_nobody_trusts(
        self, server: ssl.SSLContext
    ) -> None:
        with receiving(tls=server) as receiver:
            result = await post(receiver.url)
        assert result.text == "TLS failed: self-signed certificate."
        assert receiver.calls == []
