"""Turns: fair, and those who ask for little first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mailsink.web.fair_turns import FairTurns, TooMany


async def order(turns: FairTurns, asked: Sequence[tuple[str, int]]) -> list[str]:
    """Return who had a turn, in the order of turns; all ask while somebody else has one."""
    had: list[str] = []

    async def ask(who: str, cost: int) -> None:
        async with turns.turn(who, cost):
            had.append(who)

    async with turns.turn("first", 1):
        waiting = [asyncio.create_task(ask(*each)) for each in asked]
        await asyncio.sleep(0)
    async with asyncio.timeout(120):
        await asyncio.gather(*waiting)
    return had


async def test_who_asks_for_little_goes_first() -> None:
    asked = [*[("much", 30)] * 12, ("little", 1)]
    assert (await order(FairTurns(), asked))[0] == "little"


async def test_who_asks_for_little_goes_before_most_of_their_own() -> None:
    turns = FairTurns()
    had: list[int] = []

    async def ask(cost: int) -> None:
        async with turns.turn("same", cost):
            had.append(cost)

    async with turns.turn("same", 1):
        waiting = [asyncio.create_task(ask(cost)) for cost in [*[30] * 100, 1]]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert had.index(1) < 5


async def test_those_who_ask_often_leave_turns_to_others() -> None:
    asked = [*[("often", 1)] * 50, ("once", 1)]
    assert "once" in (await order(FairTurns(), asked))[:2]


async def test_who_asks_for_much_has_a_turn_in_the_end() -> None:
    turns = FairTurns()
    had: list[str] = []

    async def ask(who: str, cost: int, again: int) -> None:
        for _ in range(again):
            async with turns.turn(who, cost):
                had.append(who)
                await asyncio.sleep(0)

    async with asyncio.timeout(120):
        await asyncio.gather(
            *(ask(f"little {number}", 1, 100) for number in range(2)),
            ask("much", 10, 1),
        )
    assert had.index("much") < 30


async def test_so_many_have_a_turn_at_a_time() -> None:
    turns = FairTurns(places=3)
    having, most = 0, 0

    async def ask() -> None:
        nonlocal having, most
        async with turns.turn("who", 1):
            having += 1
            most = max(most, having)
            await asyncio.sleep(0)
            having -= 1

    async with asyncio.timeout(120):
        await asyncio.gather(*(ask() for _ in range(20)))
    assert most == 3


async def test_more_than_may_wait_are_refused() -> None:
    turns = FairTurns(most=2)
    async with turns.turn("first", 1):
        waiting = asyncio.create_task(turns.take("second"))
        await asyncio.sleep(0)
        with pytest.raises(TooMany):
            await turns.take("third")
    await waiting
    turns.leave()
    async with turns.turn("third", 1):
        pass


async def test_who_leaves_before_the_turn_holds_up_nobody() -> None:
    turns = FairTurns(most=3)
    async with turns.turn("first", 1):
        left = asyncio.create_task(turns.take("left"))
        stayed = asyncio.create_task(turns.take("stayed"))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.sleep(0)
        again = asyncio.create_task(turns.take("again"))  # there is room for it
        await asyncio.sleep(0)
    async with asyncio.timeout(120):
        await stayed
        turns.leave()
        await again


async def test_who_leaves_with_the_turn_passes_it_on() -> None:
    turns = FairTurns()
    await turns.take("first")
    left = asyncio.create_task(turns.take("left"))
    await asyncio.sleep(0)
    turns.leave()
    left.cancel()  # its turn has come, but it did not run since
    await asyncio.wait([left])
    async with asyncio.timeout(120), turns.turn("next", 1):
        pass
