"""`tail`: shows the sessions on the wire live in the terminal."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import Annotated, Any

import typer

from mailsink.cli import bearer_token
from mailsink.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    ApiFailure,
    AsJson,
    Url,
    part,
)
from mailsink.cli.tail_lines import JsonLines, TerminalLines

_SESSIONS = 48  # followed at once: a connection has 50 topics
_REMEMBERED = 1000  # sessions that were printed completely


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tail)


def tail(
    q: Annotated[
        str,
        typer.Argument(help="Only what this search finds: [dim]code:5xx[/dim]"),
    ] = "",
    messages: Annotated[
        bool, typer.Option("--messages", help="Print arriving mail, not the lines.")
    ] = False,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print each line of each session as it arrives. Control-C ends it.

    With a search, a session is printed from its beginning once it matches.
    """
    client = ApiClient(url)
    # Fails with the reason if no server answers, or the search is invalid
    client.get("messages" if messages else "sessions", q=q, limit=1)
    shown = JsonLines() if json else TerminalLines()
    try:
        asyncio.run(_Tail(client, messages, q, shown).run())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


class _Tail:
    """One websocket, and the state of the output."""

    def __init__(
        self, client: ApiClient, messages: bool, q: str, shown: TerminalLines
    ) -> None:
        self._client = client
        self._q = q
        self._shown = shown
        self._unindexed: set[str] = set()  # messages that a search cannot find yet
        self._tls = client.tls() or True
        self._url = f"ws{client.url.removeprefix('http')}/ws/live"
        self._topic = "messages" if messages else "sessions"
        self._printed: dict[str, int] = {}  # the last exchange, by session
        self._over: deque[str] = deque(maxlen=_REMEMBERED)

    async def run(self) -> None:
        import aiohttp

        try:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(
                    self._url, ssl=self._tls, headers=bearer_token.fields()
                ) as socket,
            ):
                self._socket = socket
                await self._subscribe(self._topic)
                async for frame in socket:
                    await self._take(self._client.shape(frame.data))
        except (aiohttp.ClientError, OSError) as error:
            raise ApiFailure(f"the live feed broke off: {error}") from None
        raise ApiFailure("Mailsink has ended the live feed")

    async def _subscribe(self, topic: str) -> None:
        await self._socket.send_json({"type": "subscribe", "to": topic})

    async def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "resync":
            self._shown.gap()
        if frame["type"] != "batch":
            return
        for event in frame["events"]:
            await self._happened(frame["to"], event)
        await self._socket.send_json({"type": "ack", "seq": frame["seq"]})

    async def _happened(self, topic: str, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind in ("message.created", "message.updated"):
            await self._message(event)
        elif kind.startswith("session."):
            await self._session(event)
        elif kind.startswith("exchange."):
            await self._exchange(topic.partition(":")[2], event)

    async def _message(self, event: dict[str, Any]) -> None:
        """Print a message once: now, or after it is indexed and the search finds it."""
        id = event["id"]
        if event["event"] == "message.created" and not self._q:
            self._shown.message(event)
            return
        if event["event"] == "message.created":
            self._unindexed.add(id)
        if id not in self._unindexed or event["snippet"] is None:
            return  # other changes of a message are not printed
        self._unindexed.remove(id)
        if any(each["id"] == id for each in await self._matching("messages", event)):
            self._shown.message(event)

    async def _matching(self, what: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the results of the search for an event's session."""
        session = event["session"] if what == "messages" else event["id"]
        q = f"{self._q} session:{session}"
        page = await asyncio.to_thread(partial(self._client.get, what, q=q))
        found: list[dict[str, Any]] = page["items"]
        return found

    async def _session(self, event: dict[str, Any]) -> None:
        # Lines of a session with an ending may still be on their way before this event.
        id, ended = event["id"], event["event"] == "session.closed"
        if id in self._over:
            return
        known = id in self._printed
        if not known and not await self._is_to_show(event):
            return
        if not known:
            self._shown.opened(event)
            self._printed[id] = 0
            if event["ending"] is None and len(self._printed) <= _SESSIONS:
                await self._subscribe(f"session:{id}")
        if not known or ended:
            await self._load(id)
        if ended:
            del self._printed[id]
            self._over.append(id)
            self._shown.closed(event)
            frame = {"type": "unsubscribe", "to": f"session:{id}"}
            await self._socket.send_json(frame)

    async def _is_to_show(self, event: dict[str, Any]) -> bool:
        return not self._q or bool(await self._matching("sessions", event))

    async def _exchange(self, id: str, event: dict[str, Any]) -> None:
        """Print an exchange once it has a reply, after any that were missed."""
        last = self._printed.get(id)
        if last is None or event["seq"] <= last or event["code"] is None:
            return
        if event["seq"] > last + 1:
            await self._load(id)
            return
        self._printed[id] = event["seq"]
        self._shown.exchange(id, event)

    async def _load(self, id: str) -> None:
        """Print the stored exchanges of a session that were not printed yet."""
        while True:
            path = f"sessions/{part(id)}/exchanges"
            page = await asyncio.to_thread(
                partial(self._client.get, path, after=self._printed[id])
            )
            for each in page["items"]:
                self._printed[id] = each["seq"]
                self._shown.exchange(id, each)
            if page["next"] is None:
                return
