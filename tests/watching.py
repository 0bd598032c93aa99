"""A websocket that watches the messages of a running Mailsink, as a page does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType

import aiohttp

_PAGE = 500  # messages of a list, at most


class MessageWatcher:
    """Knows which messages it was sent, from its entry to its exit.

    created: how often each came as new, by its id. loaded: those it found in the list,
    after it was asked to load again. resyncs: how often it was. code: of the last close
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.created: Counter[str] = Counter()
        self.loaded: set[str] = set()
        self.resyncs = 0
        self.code = 0
        self.is_live = False
        self.closed = 0  # how often the server, or its end, closed the connection
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> MessageWatcher:
        self._thread.start()
        assert self._subscribed.wait(120), "it cannot watch"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    @property
    def seen(self) -> set[str]:
        return {*self.created, *self.loaded}

    def wait_for(self, ids: Iterable[str], seconds: float = 120) -> None:
        """Wait until all of these were seen."""
        wanted = set(ids)
        with self._changed:
            done = self._changed.wait_for(lambda: wanted <= self.seen, seconds)
        assert done, f"{len(wanted - self.seen)} of {len(wanted)} were not seen"

    @contextmanager
    def going_down(self, code: int = 0, seconds: float = 120) -> Iterator[None]:
        """Wait in the end until the connection was closed since the begin.

        code: with which, if it matters
        """
        before = self.closed

        def is_down() -> bool:
            return self.closed > before and code in (0, self.code)

        yield
        with self._changed:
            assert self._changed.wait_for(is_down, seconds), self.code

    def wait_until_live(self, seconds: float = 120) -> None:
        """Wait until it watches again."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.is_live, seconds)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._watch())
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        async with aiohttp.ClientSession() as client:
            while True:
                with suppress(aiohttp.ClientError):
                    await self._follow(client)
                with self._changed:
                    self.closed += 1
                    self.is_live = False
                    self._changed.notify_all()
                await asyncio.sleep(0.2)

    async def _follow(self, client: aiohttp.ClientSession) -> None:
        address = f"{self._url}/ws/live"
        async with client.ws_connect(address, max_msg_size=0) as socket:
            try:
                await socket.send_json({"type": "subscribe", "to": "messages"})
                async for message in socket:
                    frame = json.loads(message.data)
                    if frame["type"] == "batch":
                        self._take(frame["events"])
                        await socket.send_json({"type": "ack", "seq": frame["seq"]})
                    elif frame["type"] in ("subscribed", "resync"):
                        self.resyncs += frame["type"] == "resync"
                        await self._load(client)
                        self._subscribed.set()
                        with self._changed:
                            self.is_live = True
                            self._changed.notify_all()
            finally:
                self.code = socket.close_code or 0

    def _take(self, events: list[dict[str, str]]) -> None:
        with self._changed:
            new = (e["id"] for e in events if e["event"] == "message.created")
            self.created.update(new)
            self._changed.notify_all()

    async def _load(self, client: aiohttp.ClientSession) -> None:
        """Load the list down to what is known."""
        cursor, found = "", set()
        while True:
            query = {"limit": str(_PAGE), **({"cursor": cursor} if cursor else {})}
            path = f"{self._url}/api/v3/messages"
            async with client.get(path, params=query, raise_for_status=True) as answer:
                page = await answer.json()
            ids = {each["id"] for each in page["items"]}
            found |= ids
            cursor = page["next"]
            if not cursor or ids <= self.loaded:
                break
        with self._changed:
            self.loaded |= found
            self._changed.notify_all()
