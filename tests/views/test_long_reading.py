"""Pages and lists that read for too long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async

from inbox.storage import bounded
from mailsink.asgi import http
from mailsink.web import pool
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read at first is cut."""
    monkeypatch.setattr(bounded, "_STEPS", 1)
    monkeypatch.setattr(bounded, "_ALL", 0)
    monkeypatch.setattr(pool, "_SHORT", 0)


async def answer(path: str, query: bytes = b"") -> tuple[int, dict[str, str], str]:
    """Return the status, the header and the body of the answer to a GET."""
    asked = [{"type": "http.request", "body": b"", "more_body": False}]
    left = asyncio.Event()
    events: list[Any] = []

    async def receive() -> Any:
        if not asked:
            await left.wait()
        return asked.pop()

    async def send(event: Any) -> None:
        events.append(event)

    scope = {
        "type": "http", "method": "GET", "path": path, "root_path": "", "client": ("::1", 1),
        "query_string": query, "headers": [(b"host", b"localhost")], "http_version": "1.1",
        "scheme": "http", "server": ("localhost", 80),
    }  # fmt: skip
    await pool.Pool(http)(scope, receive, send)
    head = {name.decode(): value.decode() for name, value in events[0]["headers"]}
    body = b"".join(each.get("body", b"") for each in events[1:])
    return events[0]["status"], head, body.decode()


async def test_what_is_cut_is_answered_where_it_may_read_for_longer() -> None:
    made = await database_sync_to_async(factories.message)()
    status, _, body = await answer("/api/v3/messages", b"q=rcpt:*bob*")
    assert status == 200
    assert str(made.pk) in body


@pytest.mark.parametrize("path", ["/", "/api/v3/messages", "/sessions"])
async def test_what_reads_for_too_long_is_refused_with_a_sentence(
    path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pool, "_LONG", 0)
    await database_sync_to_async(factories.message)()
    status, head, body = await answer(path, b"q=to:bob")
    assert (status, head["Retry-After"]) == (503, "5")
    assert "search for fewer terms" in body
    is_problem = head["Content-Type"].startswith("application/problem+json")
    assert is_problem == path.startswith("/api/")
    assert caplog.records == []
