"""`tail`: what happens on the wire, in the terminal, while it happens."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

import typer

from mailsink.cli.api_client import DEFAULT_URL, ApiClient, ApiFailure, Url, part
from mailsink.cli.finding import print_line
from mailsink.cli.printing import local, say

_SESSIONS = 48  # that are followed at once: a connection has 50 topics


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tail)


def tail(
    messages: Annotated[
        bool, typer.Option("--messages", help="Print arriving mail, not the lines.")
    ] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print each line of each session as it comes. Control-C ends it."""
    client = ApiClient(url)
    client.get("info")  # says why, if nobody is there
    try:
        asyncio.run(_Tail(client, messages).run())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


class _Tail:
    """One websocket, and what was printed of it."""

    def __init__(self, client: ApiClient, messages: bool) -> None:
        self._client = client
        self._url = f"ws{client.url.removeprefix('http')}/ws/live"
        self._topic = "messages" if messages else "sessions"
        self._printed: dict[str, int] = {}  # the last exchange, by session

    async def run(self) -> None:
        import aiohttp

        try:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(self._url) as socket,
            ):
                self._socket = socket
                await self._subscribe(self._topic)
                async for frame in socket:
                    await self._take(frame.json())
        except (aiohttp.ClientError, OSError) as error:
            raise ApiFailure(f"the live feed broke off: {error}") from None
        raise ApiFailure("Mailsink has ended the live feed")

    async def _subscribe(self, topic: str) -> None:
        await self._socket.send_json({"type": "subscribe", "to": topic})

    async def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "resync":
            say("… some lines were left out: more came than could be printed", "dim")
        if frame["type"] != "batch":
            return
        for event in frame["events"]:
            await self._happened(frame["to"], event)
        await self._socket.send_json({"type": "ack", "seq": frame["seq"]})

    async def _happened(self, topic: str, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "message.created":
            sender = event["from"]["address"] or event["reverse_path"]
            when = local(event["received_at"])
            say(f"{when}  {sender} → {event['first_recipient']}: {event['subject']}")
        elif kind.startswith("session."):
            await self._session(event)
        elif kind.startswith("exchange."):
            await self._exchange(topic.partition(":")[2], event)

    async def _session(self, event: dict[str, Any]) -> None:
        id, who = event["id"], event["helo"] or event["client_address"]
        known = id in self._printed
        if not known:
            say(f"— {local(event['opened_at'])} {who} connects", "cyan")
            self._printed[id] = 0
            if event["ending"] is None and len(self._printed) <= _SESSIONS:
                await self._subscribe(f"session:{id}")
        if not known or event["ending"] is not None:
            await self._load(id)
        if event["ending"] is not None:
            del self._printed[id]
            say(f"— {who}: {event['ending']}", "cyan")
            frame = {"type": "unsubscribe", "to": f"session:{id}"}
            await self._socket.send_json(frame)

    async def _exchange(self, id: str, event: dict[str, Any]) -> None:
        """Print an exchange once, when it is answered; what was missed before it, too."""
        last = self._printed.get(id)
        if last is None or event["seq"] <= last or event["code"] is None:
            return
        if event["seq"] > last + 1:
            await self._load(id)
            return
        self._printed[id] = event["seq"]
        print_line(event)

    async def _load(self, id: str) -> None:
        """Print what is there of a session, behind what was printed."""
        while True:
            path = f"sessions/{part(id)}/exchanges"
            page = await asyncio.to_thread(
                partial(self._client.get, path, after=self._printed[id])
            )
            for each in page["items"]:
                self._printed[id] = each["seq"]
                print_line(each)
            if page["next"] is None:
                return
