"""The line of an SMTP process to the hub (hub.py)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from channels.layers import BaseChannelLayer, get_channel_layer
from django.dispatch import Signal

from inbox.live import protocol
from inbox.live.channel_layer import ProcessLayer
from inbox.live.hub_signals import DOWN, UP, facts_of
from inbox.live.hub_wire import Doorway, HubMessage, HubWire
from inbox.storage.threads import in_thread
from inbox.webhooks import webhook_signals
from mailsink.smtp.tls.starttls_denylist import Client, StarttlsDenylist

_REST = 0.5  # seconds before the hub is called again
_BUSY_EVERY = 0.05  # seconds between two messages that mail pours in
_TROUBLE_EVERY = 1.0  # seconds between two checks for faults here


class HubLayer(ProcessLayer):
    """The channel layer of an SMTP process without Redis: all viewers are at the hub."""

    def __init__(self, processes: int) -> None:
        """processes: the number of processes that send to the same viewers"""
        super().__init__()
        self._processes = processes
        self._line: HubLine | None = None
        self.counts: dict[str, int] = {}
        self.groups = self.counts  # the feed asks for their names
        self._lost = False

    def use(self, line: HubLine, counts: Mapping[str, int]) -> None:
        """Send over this line from now on, to groups with these numbers of members."""
        self._line = line
        self.counts.clear()
        self.counts.update(counts)

    def members(self, group: str) -> int:
        """Return this process's share of a group's members."""
        return self.counts.get(group, 0) * self._processes

    def memberships(self) -> int:
        return sum(self.counts.values()) * self._processes

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send a message; if there is no room, viewers load again later."""
        line = self._line
        if line is None:
            return
        if self._lost:
            lost = {"type": "live.lost"}
            self._lost = not line.say(
                {"type": "send", "group": protocol.CONTROL, "event": lost}
            )
        sent = line.say({"type": "send", "group": group, "event": message})
        self._lost |= not sent


class HubLine:
    """Background work of an SMTP process: start() and stop() run on its loop."""

    def __init__(
        self,
        doorway: Doorway,
        layer: BaseChannelLayer | None,
        denylist: StarttlsDenylist | None,
    ) -> None:
        """layer: the layer of the feed"""
        self._doorway = doorway
        self.layer = layer
        self._layer = layer if isinstance(layer, HubLayer) else None
        self._denylist = denylist
        self._wire: HubWire | None = None
        self._watching_busy: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # Set by the process that makes the line: the recorder is made after it.
        self.is_busy: Callable[[], bool] = lambda: False
        self.troubles: Mapping[str, Callable[[], str]] = {}

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        for signal in UP.values():
            signal.connect(self._pass_on)
        if self._denylist is not None:
            self._denylist.heard = self._pass_on_client
        self._keep(self._run())
        self._keep(self._say_trouble())

    async def stop(self) -> None:
        """Close the line, once the last message is on its way."""
        for signal in UP.values():
            signal.disconnect(self._pass_on)
        if self._denylist is not None:
            self._denylist.heard = None
        for each in list(self._tasks):
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def say(self, message: HubMessage) -> bool:
        """Send a message if the hub is connected; return whether it is on its way."""
        return self._wire is not None and self._wire.say(message)

    def nudge(self, size: int) -> None:
        """Report stored messages, the largest of `size` octets. Call on the loop."""
        self.say({"type": "stored", "size": size})
        if self._watching_busy is None:
            self._watching_busy = self._loop.create_task(self._say_busy())
            self._tasks.add(self._watching_busy)

    # Messages from the hub

    async def _run(self) -> None:
        while True:
            with suppress(OSError, EOFError):
                await self._converse()
            await asyncio.sleep(_REST)

    async def _converse(self) -> None:
        self._wire = wire = await HubWire.over(self._doorway.enter())
        try:
            while True:
                message = await wire.hear()
                if message["type"] == "signal":
                    self._keep(self._follow(wire, message))
                else:
                    self._take(message)
                    _answer(wire, message)
        finally:
            self._wire = None
            if self._layer is not None:
                self._layer.use(self, {})
            wire.close()

    def _take(self, message: HubMessage) -> None:
        if message["type"] == "watch" and self._layer is not None:
            self._layer.use(self, message["groups"])
        elif message["type"] == "client" and self._denylist is not None:
            client = Client(*message["client"])
            self._denylist.take(message["change"], client, time.time())

    async def _follow(self, wire: HubWire, message: HubMessage) -> None:
        """Apply a change that was made in the web process."""
        signal, facts = DOWN[message["name"]], message["facts"]

        def follow() -> None:
            if signal is webhook_signals.changed:
                webhook_signals.refresh()
            signal.send_robust(sender=None, **facts)

        await in_thread(follow)
        _answer(wire, message)

    # Messages to the hub

    def _pass_on(self, signal: Signal, **facts: Any) -> None:
        """Pass a signal on. From any thread."""
        name = next(name for name, each in UP.items() if each is signal)
        message = {"type": "signal", "name": name, "facts": facts_of(facts)}
        self._loop.call_soon_threadsafe(self.say, message)

    def _pass_on_client(self, change: str, client: Client) -> None:
        self.say({"type": "client", "change": change, "client": list(client)})

    async def _say_busy(self) -> None:
        while self.is_busy():
            self.say({"type": "busy"})
            await asyncio.sleep(_BUSY_EVERY)
        self._watching_busy = None
        # While mail poured in, stored messages were not reported.
        self.say({"type": "stored", "size": 0})

    async def _say_trouble(self) -> None:
        said: dict[str, str] = {}
        wire: HubWire | None = None
        while True:
            what = {name: trouble() for name, trouble in self.troubles.items()}
            if what != said or wire is not self._wire:
                wire, said = self._wire, what
                self.say({"type": "trouble", "what": what})
            await asyncio.sleep(_TROUBLE_EVERY)

    def _keep(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)  # a loop holds its tasks by weak references only
        task.add_done_callback(self._tasks.discard)


def _answer(wire: HubWire, message: HubMessage) -> None:
    if "number" in message:
        wire.say({"type": "done", "number": message["number"]})


def feed_layer(processes: int) -> BaseChannelLayer:
    """Return the layer for the feed of an SMTP process: Redis, if it is configured."""
    layer = get_channel_layer()
    return HubLayer(processes) if isinstance(layer, ProcessLayer) else layer
