"""The web side at a shutdown: what would never end by itself does not use up the grace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import daphne.server
import pytest

from mailsink.server.connections import Web


class AnsweredRequest:
    """Stands in for daphne's request: takes what the application answers."""

    channel = None

    def __init__(self) -> None:
        self.taken: list[Mapping[str, Any]] = []

    def handle_reply(self, message: Mapping[str, Any]) -> None:
        self.taken.append(message)


@pytest.mark.parametrize("kind", [b"text/event-stream", b"text/event-stream; x=y"])
async def test_a_stream_of_events_ends_at_once(kind: bytes) -> None:
    web, request = Web.__new__(Web), AnsweredRequest()
    task = asyncio.create_task(asyncio.Event().wait())
    web.acceptors = []
    web.connections = {request: {"application_instance": task, "disconnected": None}}
    head = {"type": "http.response.start", "headers": [(b"Content-Type", kind)]}
    await web.handle_reply(request, head)
    assert request.taken == [head]
    await web.drain(None)  # type: ignore[arg-type]  # however long it takes
    assert task.cancelled()


async def test_a_clock_put_forward_ends_no_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web, request = Web.__new__(Web), AnsweredRequest()
    task = asyncio.create_task(asyncio.Event().wait())
    web.application_close_timeout = 10
    web.connections = {request: {"application_instance": task}}
    web.protocol_disconnected(request)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    monkeypatch.setattr(daphne.server.reactor, "callLater", lambda *_: None)
    web.application_checker()
    assert not task.cancelling()
    task.cancel()
