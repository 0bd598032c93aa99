"""What is loaded with the first request, off the loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from mailsink.web.loaded import Loaded


class App:
    """Loads when it is let; notes who was answered, and which thread loaded it."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.loaded_by: list[threading.Thread] = []
        self.answered: list[str] = []
        self.asgi = Loaded(self.answer, self.load)

    def load(self) -> None:
        assert self.let.wait(120)
        self.loaded_by.append(threading.current_thread())

    async def answer(self, scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        self.answered.append(scope["path"])

    def ask(self, path: str) -> asyncio.Task[None]:
        return asyncio.ensure_future(self.asgi({"path": path}, None, None))  # type: ignore[arg-type]


async def test_requests_wait_until_it_is_loaded_once_in_another_thread() -> None:
    app = App()
    asked = [app.ask(path) for path in "ab"]
    await asyncio.sleep(0)  # the loop goes on
    assert app.answered == []
    app.let.set()
    await asyncio.gather(*asked)
    await app.ask("c")
    assert app.answered == ["a", "b", "c"]
    assert len(app.loaded_by) == 1
    assert app.loaded_by != [threading.current_thread()]


async def test_who_asks_first_may_leave() -> None:
    app = App()
    first, second = app.ask("a"), app.ask("b")
    await asyncio.sleep(0)
    first.cancel()
    app.let.set()
    await second
    assert app.answered == ["b"]
    with pytest.raises(asyncio.CancelledError):
        await first
