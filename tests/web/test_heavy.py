"""Requests that turn out to be heavy while they are answered go to the workers, too."""

from __future__ import annotations

from typing import Any

import pytest

from mailsink.web.elsewhere import answer_elsewhere
from mailsink.web.heavy import Heavy

SCOPE = {"type": "http", "method": "GET", "path": "/any", "query_string": b""}
Events = list[dict[str, Any]]


class StubWorkers:
    """Says who answered."""

    def __init__(self, are_on: bool = True) -> None:
        self.are_on = are_on

    async def answer(self, _scope: Any, send: Any) -> None:
        await say(send, b"worker")


async def say(send: Any, body: bytes, more: bool = False) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def answered(app: Any, method: str = "GET", are_on: bool = True) -> bytes:
    """Return the body of the answer, of which there is one."""
    events: Events = []

    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def light(*_: str) -> bool:
        return False

    heavy: Any = Heavy(app, StubWorkers(are_on), light)  # type: ignore[arg-type]
    await heavy({**SCOPE, "method": method}, receive, send)
    assert [each["type"] for each in events].count("http.response.start") == 1
    return b"".join(each.get("body", b"") for each in events)


@pytest.mark.parametrize(
    ("method", "are_on", "by"),
    [
        ("GET", True, b"worker"),
        ("HEAD", True, b"worker"),
        ("POST", True, b"here"),  # done once, never again
        ("GET", False, b"here"),
    ],
)
async def test_an_app_that_asks_for_it_is_discarded(
    method: str, are_on: bool, by: bytes
) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        refused = answer_elsewhere()
        assert refused == (by == b"worker")
        await say(send, b"refused" if refused else b"here")

    assert await answered(app, method, are_on) == by


async def test_others_are_answered_here() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await say(send, b"here")

    assert await answered(app) == b"here"


async def test_an_answer_that_has_begun_goes_on() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await say(send, b"half ", more=True)
        assert not answer_elsewhere()
        await send({"type": "http.response.body", "body": b"whole"})

    assert await answered(app) == b"half whole"
