"""The hub of several processes: whoever watches misses nothing, however late a process hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from channels.layers import get_channel_layer

from inbox.live import hub as hubs
from inbox.live import protocol
from inbox.live.hub import Hub
from inbox.live.hub_wire import Doorway, HubMessage, HubWire
from tests.live.clients import PATIENCE

pytestmark = pytest.mark.usefixtures("memory_layer")
MESSAGES = "live.messages"


class Process:
    """An SMTP process that follows what it is asked when the test has it do so."""

    def __init__(self, wire: HubWire) -> None:
        self.wire = wire

    async def asked(self) -> HubMessage:
        async with asyncio.timeout(PATIENCE):
            while "number" not in (message := await self.wire.hear()):
                pass
        return message

    def follow(self, message: HubMessage) -> None:
        self.wire.say({"type": "done", "number": message["number"]})


async def viewer(group: str) -> str:
    """Have somebody join a group; return the channel."""
    layer = get_channel_layer()
    channel: str = await layer.new_channel()
    await layer.group_add(group, channel)
    return channel


async def until_told_to_load(channel: str) -> None:
    async with asyncio.timeout(PATIENCE):
        told = await get_channel_layer().receive(channel)
    assert told["type"] == "live.lost"


@pytest.fixture
async def control() -> str:
    """The channel of a viewer."""
    return await viewer(protocol.CONTROL)


@pytest.fixture
async def process(control: str) -> AsyncIterator[Process]:
    """The one process beside a hub, which has greeted it."""
    doorway = Doorway()
    hub = Hub(doorway, 1, lambda _: None, None)
    hub.start()
    made = Process(await HubWire.over(doorway.enter()))
    made.follow(await made.asked())
    await until_told_to_load(control)
    yield made
    made.wire.close()
    await hub.stop()
    for each in vars(doorway).values():  # a doorway lives as long as its processes
        each.close()


async def test_who_joins_others_that_wait_waits_with_them(process: Process) -> None:
    first = asyncio.create_task(viewer(MESSAGES))
    asked = await process.asked()
    assert asked["groups"][MESSAGES] == 1
    second = asyncio.create_task(viewer(MESSAGES))
    for _ in range(5):  # turns of the loop
        await asyncio.sleep(0)
    assert not second.done()
    process.follow(asked)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(first, second)


async def test_what_a_process_told_nobody_before_its_late_answer_is_loaded(
    process: Process, control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "_PATIENCE", 0.01)
    await viewer(MESSAGES)  # which does not wait for ever
    process.follow(await process.asked())
    await until_told_to_load(control)
