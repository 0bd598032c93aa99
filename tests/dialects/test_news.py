"""The live feed of both dialects: websockets, and MailHog's server-sent events."""

from __future__ import annotations

import asyncio
import json
import smtplib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.running import Mailsink

_PATIENCE = 20.0  # seconds, for what comes in a fraction of one


@pytest.fixture(scope="module")
def mailsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path_factory.mktemp("news"))
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


def send(server: Mailsink, subject: str) -> None:
    with smtplib.SMTP(*server.smtp) as client:
        mail = f"Subject: {subject}\r\n\r\nHello\r\n"
        client.sendmail("ann@example.com", ["bob@example.com"], mail)


async def told(socket: aiohttp.ClientWebSocketResponse, *wanted: str) -> list[Any]:
    """Return the data of events of these types, as they come; stats apart."""
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(_PATIENCE):
        while [kind for kind, _ in found] != list(wanted):
            event = await socket.receive_json()
            assert list(event) == ["Type", "Data"]
            if event["Type"] != "stats" or "stats" in wanted:
                found.append((event["Type"], event["Data"]))
    return [data for _, data in found]


async def test_mailpit(mailsink: Mailsink) -> None:
    url, api = f"{mailsink.url}/api/events", f"{mailsink.url}/api/v1"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        (stats,) = await told(socket, "stats")
        assert list(stats) == ["Total", "Unread", "Version"]
        await socket.send_str("nobody listens")
        await asyncio.to_thread(send, mailsink, "first")
        (new,) = await told(socket, "new")
        assert (new["Subject"], new["Read"], new["Cc"]) == ("first", False, [])
        assert new["Bcc"] == [{"Name": "", "Address": "bob@example.com"}]
        id = new["ID"]
        async with session.get(f"{api}/message/{id}"):
            assert await told(socket, "update") == [{"ID": id, "Read": True}]
        async with session.put(f"{api}/tags", json={"IDs": [id], "Tags": ["b", "A"]}):
            found = await told(socket, "update")
            assert found == [{"ID": id, "Tags": ["A", "b"]}]
        async with session.delete(f"{api}/messages", json={"IDs": [id]}):
            found = await told(socket, "delete", "truncate")
            assert found == [{"ID": id}, None]


async def test_counts_follow_changes(mailsink: Mailsink) -> None:
    url = f"{mailsink.url}/api/events"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        (before,) = await told(socket, "stats")
        await asyncio.to_thread(send, mailsink, "counted")
        _, after = await told(socket, "new", "stats")
        assert after["Total"] == before["Total"] + 1


async def test_refusals_are_errors(mailsink: Mailsink) -> None:
    def refused() -> None:
        with smtplib.SMTP(*mailsink.smtp) as client:
            client.ehlo()
            client.mail("ann@example.com")
            client.rcpt("nobody@example.com")

    url = f"{mailsink.url}/api/events"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await told(socket, "stats")
        mailsink.patch("inboxes/default", known_only=True)
        await asyncio.to_thread(refused)
        mailsink.patch("inboxes/default", known_only=False)
        (error,) = await told(socket, "error")
    assert (error["Level"], error["Type"]) == ("error", "smtpd")
    assert error["IP"] == "127.0.0.1"
    assert error["Message"].startswith("5")


@pytest.mark.parametrize("path", ["/api/events", "/api/v2/websocket"])
async def test_no_page_of_another_origin_listens(mailsink: Mailsink, path: str) -> None:
    origin = "http://elsewhere.example"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{mailsink.url}{path}", origin=origin)


async def test_mailhog(mailsink: Mailsink) -> None:
    """Both ways of MailHog bring the message that its API shows."""
    socket_url = f"{mailsink.url}/api/v2/websocket"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(socket_url) as socket,
        session.get(f"{mailsink.url}/api/v1/events") as stream,
        asyncio.timeout(_PATIENCE),
    ):
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b": listening\n"
        await asyncio.to_thread(send, mailsink, "second")
        by_socket = await socket.receive_json()
        while not (line := await stream.content.readline()).startswith(b"event:"):
            assert line == b"\n"
        assert line == b"event: data\n"
        data = await stream.content.readline()
        async with session.get(f"{mailsink.url}/api/v2/messages?limit=1") as answer:
            (listed,) = json.loads(await answer.text())["items"]
    assert by_socket == listed == json.loads(data.removeprefix(b"data: "))
    assert listed["Content"]["Headers"]["Subject"] == ["second"]


def test_switched_off(tmp_path: Path) -> None:
    """Nothing of a dialect is there; whoever supervises finds its health."""

    async def statuses(server: Mailsink) -> list[int]:
        found = []
        paths = ("/api/v1/messages", "/api/v2/messages", "/view/latest", "/livez")
        async with aiohttp.ClientSession() as session:
            for path in paths:
                async with session.get(f"{server.url}{path}") as answer:
                    found.append(answer.status)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{server.url}/api/events")
        return found

    server = Mailsink(tmp_path, DIALECTS="off")
    try:
        assert asyncio.run(statuses(server)) == [404, 404, 404, 200]
    finally:
        server.stop()


def test_a_stop_ends_the_stream(tmp_path: Path) -> None:
    server = Mailsink(tmp_path)
    v1, v3 = f"{server.url}/api/v1/events", f"{server.url}/api/v3/events"
    with urllib.request.urlopen(v1) as stream, urllib.request.urlopen(v3) as other:
        assert stream.readline() == b": listening\n"
        assert other.readline().startswith(b"retry: ")
        assert server.stop() == 0
    assert "Traceback" not in server.stderr, server.stderr
