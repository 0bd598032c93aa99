"""A client of the API, on the test's own thread and so in its transaction."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from inbox.live import waiters as live_waiters
from inbox.live.feed import Feed
from inbox.models import Inbox
from tests import factories


class Api:
    """Asks API v3, and checks what all answers have in common."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)

    def __call__(
        self, method: str, path: str, body: Any = None, status: int = 200
    ) -> Any:
        """Return an answer's JSON, or None without content."""
        response = self.response(method, path, body)
        assert response.status_code == status, response.content
        if status == 204:
            assert response.content == b""
            return None
        kind = "application/json" if status < 400 else "application/problem+json"
        assert response["Content-Type"] == kind
        told = json.loads(response.content)
        if status >= 400:
            assert told["status"] == status
            assert told["type"] == "about:blank"
            assert told["title"]
        return told

    def response(self, method: str, path: str, body: Any = None) -> HttpResponse:
        text = None if body is None else json.dumps(body)
        return self.client.generic(  # type: ignore[return-value]
            method,
            path if path.startswith("/") else f"/api/v3/{path}",
            text or "",
            content_type="application/json",
        )

    def ids(self, path: str) -> list[str]:
        return [each["id"] for each in self("GET", path)["items"]]


@pytest.fixture
def default_inbox(db: None) -> Inbox:
    return factories.inbox()


@pytest.fixture
def api(default_inbox: Inbox) -> Api:
    return Api()


@pytest.fixture
async def feed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feed]:
    """The live feed; nothing else wakes those who wait."""
    monkeypatch.setattr(live_waiters, "_LOOK_EVERY", 600)
    feed = Feed()
    feed.start()
    yield feed
    await feed.stop()
