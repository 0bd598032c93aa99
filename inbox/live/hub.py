"""The hub: joins the web process of `serve --workers` and its SMTP processes.

SMTP processes send the frames of their feeds, and the signals that start work here.
They receive the number of viewers of each group, and the changes made here. A change
waits until they have confirmed it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from channels.layers import get_channel_layer
from django.dispatch import Signal

from inbox.live import protocol
from inbox.live.channel_layer import ProcessLayer
from inbox.live.hub_signals import DOWN, UP, facts_of
from inbox.live.hub_wire import Doorway, HubMessage, HubWire
from mailsink.smtp.tls.starttls_denylist import Client, StarttlsDenylist

log = logging.getLogger(__name__)

_PATIENCE = 1.0  # seconds that SMTP processes have to apply a change
_COUNT_EVERY = 0.1  # seconds between two messages with the numbers of viewers
_BUSY_FOR = 0.15  # seconds for which an SMTP process counts as busy after it said so

Stored = Callable[[int], None]


class _Extension:
    """An SMTP process, as seen by the hub."""

    def __init__(self, wire: HubWire) -> None:
        self.wire = wire
        self.trouble: dict[str, str] = {}
        self._asked = 0
        self._answers: dict[int, asyncio.Future[None]] = {}

    async def ask(self, message: HubMessage) -> None:
        """Send a message, and wait for its confirmation, for at most _PATIENCE."""
        self._asked += 1
        number = self._asked
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self.wire.say({**message, "number": number})
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await answer
        finally:
            del self._answers[number]

    def answered(self, number: int) -> bool:
        """Take a confirmation; return whether its sender still waited for it."""
        answer = self._answers.get(number)
        if answer is not None and not answer.done():
            answer.set_result(None)
        return answer is not None

    def gone(self) -> None:
        for number in list(self._answers):
            self.answered(number)


class Hub:
    """Background work of the web process: start() and stop() run on its loop."""

    def __init__(
        self,
        doorway: Doorway,
        processes: int,
        stored: Stored,
        denylist: StarttlsDenylist | None,
    ) -> None:
        """processes: the number of SMTP processes

        stored: called when one of them stored messages, with the octets of the largest
        """
        self._doorway = doorway
        self._processes = processes
        self._stored = stored
        self._denylist = denylist
        self._layer = get_channel_layer()
        self._extensions: set[_Extension] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        # By group, while the SMTP processes are being informed of its first viewer
        self._joining: dict[str, asyncio.Task[None]] = {}
        self._counting: asyncio.TimerHandle | None = None
        self._busy_until = 0.0

    @property
    def busy(self) -> bool:
        """Whether an SMTP process is busy taking mail. Can be called from any thread."""
        return time.monotonic() < self._busy_until

    def trouble(self) -> str:
        """Return what keeps mail from being accepted, in words; "" if nothing does."""
        if not self._extensions:
            return "no SMTP process runs"
        found = (each.trouble.get("recorder", "") for each in list(self._extensions))
        return "; ".join(dict.fromkeys(filter(None, found)))

    def notice(self) -> str:
        """Return what else is wrong in the SMTP processes, in words."""
        missing = self._processes - len(self._extensions)
        found = [f"{missing} of {self._processes} do not run"] if missing > 0 else []
        for each in list(self._extensions):
            found.append(each.trouble.get("descriptors", ""))
        return "; ".join(dict.fromkeys(filter(None, found)))

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._loop.add_reader(self._doorway.fileno(), self._let_in)
        if isinstance(self._layer, ProcessLayer):
            self._layer.watcher = self
        for signal in DOWN.values():
            signal.connect(self._pass_on)
        if self._denylist is not None:
            self._denylist.heard = self._pass_on_client

    async def stop(self) -> None:
        """Close the wires; the processes end separately."""
        for signal in DOWN.values():
            signal.disconnect(self._pass_on)
        if self._denylist is not None:
            self._denylist.heard = None
        if isinstance(self._layer, ProcessLayer):
            self._layer.watcher = None
        self._loop.remove_reader(self._doorway.fileno())
        for each in list(self._tasks):
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # SMTP processes come and go

    def _let_in(self) -> None:
        sock = self._doorway.receive()
        if sock is not None:
            self._keep(self._serve(HubWire.over(sock)))

    def _keep(self, work: Any) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)  # a loop holds its tasks by weak references only
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self, coming: Any) -> None:
        extension = _Extension(await coming)
        self._extensions.add(extension)
        self._keep(self._greet(extension))
        try:
            while True:
                await self._take(extension, await extension.wire.hear())
        except (EOFError, OSError):
            pass
        finally:
            self._extensions.discard(extension)
            extension.gone()
            extension.wire.close()
            await self._send_lost()

    async def _greet(self, extension: _Extension) -> None:
        """Send a new process the current state; viewers load what it published until now."""
        if self._denylist is not None:
            for change, client in self._denylist.changes(time.time()):
                extension.wire.say(_client_message(change, client))
        await extension.ask({"type": "watch", "groups": self._counts()})
        await self._send_lost()

    async def _send_lost(self) -> None:
        if isinstance(self._layer, ProcessLayer):
            await self._layer.group_send(protocol.CONTROL, {"type": "live.lost"})

    # Messages from SMTP processes

    async def _take(self, extension: _Extension, message: HubMessage) -> None:
        match message["type"]:
            case "send":
                await self._layer.group_send(message["group"], message["event"])
            case "done":
                if not extension.answered(message["number"]):
                    # viewers that joined meanwhile may have missed events
                    await self._send_lost()
            case "stored":
                self._stored(message["size"])
            case "busy":
                self._busy_until = time.monotonic() + _BUSY_FOR
            case "signal":
                UP[message["name"]].send(sender=None, **message["facts"])
            case "client":
                self._hear_client(extension, message)
            case "trouble":
                extension.trouble = message["what"]

    def _hear_client(self, extension: _Extension, message: HubMessage) -> None:
        """Note a client that rejects our certificate, and pass it on to the other processes."""
        if self._denylist is not None:
            client = Client(*message["client"])
            self._denylist.take(message["change"], client, time.time())
        for each in self._extensions - {extension}:
            each.wire.say(message)

    # Messages to SMTP processes

    def _pass_on(self, signal: Signal, **facts: Any) -> None:
        """Make the SMTP processes apply a change. From any thread, which waits for it."""
        name = next(name for name, each in DOWN.items() if each is signal)
        message = {"type": "signal", "name": name, "facts": facts_of(facts)}
        if threading.get_ident() == self._thread:
            self._keep(self._ask_all(message))
            return
        with suppress(RuntimeError):  # the loop is closed
            asked = asyncio.run_coroutine_threadsafe(self._ask_all(message), self._loop)
            with suppress(TimeoutError):
                asked.result(2 * _PATIENCE)

    def _pass_on_client(self, change: str, client: Client) -> None:
        """Pass on a person's change of the denylist. From any thread."""
        message = _client_message(change, client)
        self._loop.call_soon_threadsafe(
            lambda: [each.wire.say(message) for each in self._extensions]
        )

    async def _ask_all(self, message: Mapping[str, Any]) -> None:
        asked = (each.ask(dict(message)) for each in list(self._extensions))
        await asyncio.gather(*asked)

    async def joined(self, group: str, is_first: bool) -> None:
        """Note a viewer that joined a group: from now on, all processes send to the group."""
        if is_first:
            self._joining[group] = self._keep(self._introduce(group))
        else:
            self.left(group)
        if joining := self._joining.get(group):  # of the first viewer
            await asyncio.wait([joining])

    async def _introduce(self, group: str) -> None:
        """Inform all processes of a group that has its first viewer."""
        await self._ask_all({"type": "watch", "groups": self._counts()})
        if self._joining.get(group) is asyncio.current_task():
            del self._joining[group]

    def left(self, _group: str) -> None:
        """Note that a group's number of viewers changed."""
        if self._counting is None:
            self._counting = self._loop.call_later(_COUNT_EVERY, self._say_counts)

    def _say_counts(self) -> None:
        self._counting = None
        message = {"type": "watch", "groups": self._counts()}
        for each in self._extensions:
            each.wire.say(message)

    def _counts(self) -> dict[str, int]:
        """Return the number of viewers of each group."""
        if not isinstance(self._layer, ProcessLayer):
            return {}
        groups = cast(dict[str, Any], self._layer.groups)
        return {group: len(members) for group, members in groups.items()}


def _client_message(change: str, client: Client) -> HubMessage:
    return {"type": "client", "change": change, "client": list(client)}
