"""Sessions that have much to say take turns: one of them goes on in each pass of the loop."""

from __future__ import annotations

import asyncio

from mailsink.smtp.net.turns import Turns


def test_one_session_goes_on_in_each_pass_of_the_loop() -> None:
    passes: list[list[str]] = []

    async def session(name: str, turns: Turns) -> None:
        for _ in range(2):
            await turns.wait()
            passes[-1].append(name)

    async def run() -> None:
        turns = Turns()
        tasks = [asyncio.create_task(session(name, turns)) for name in "abc"]
        while not all(task.done() for task in tasks):
            passes.append([])
            await asyncio.sleep(0)

    asyncio.run(run())
    went_on = [names for names in passes if names]
    assert went_on == [["a"], ["b"], ["c"], ["a"], ["b"], ["c"]]


def test_it_is_crowded_from_the_first_that_waits_until_the_last_has_its_turn() -> None:
    async def run() -> None:
        turns = Turns()
        assert not turns.crowded()
        first, second = turns.wait(), turns.wait()
        assert turns.crowded()
        await first
        assert turns.crowded()
        await second
        assert not turns.crowded()

    asyncio.run(run())


def test_a_session_that_is_cancelled_holds_up_no_other() -> None:
    async def run() -> None:
        turns = Turns()
        gone, other = turns.wait(), turns.wait()
        gone.cancel()
        await other
        assert not turns.crowded()

    asyncio.run(run())
