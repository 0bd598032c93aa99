"""Passes of the loop: the longer they take, the less each connection reads in the next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from mailsink.smtp.net.passes import MOST, Passes

_MS = 1_000_000


@dataclass
class Waiting:
    passes: Passes
    turns: int = 0

    def read_on(self) -> None:
        self.turns += 1


def test_the_first_reads_much_and_the_last_little() -> None:
    async def run() -> None:
        passes = Passes()
        assert passes.share(secure=False) == MOST
        shares = []
        for _ in range(30):
            passes.spend(_MS)
            shares.append(passes.share(secure=False))
        assert shares == sorted(shares, reverse=True)
        assert shares[-1] == 2048
        assert passes.share(secure=True) == 1024
        assert not passes.crowded

    asyncio.run(run())


def test_a_long_pass_makes_the_next_one_short_until_they_are_short_again() -> None:
    async def run() -> None:
        passes = Passes()
        passes.spend(100 * _MS)
        await asyncio.sleep(0)
        assert passes.crowded
        assert passes.share(secure=False) < MOST
        for _ in range(100):
            await asyncio.sleep(0)
        assert not passes.crowded
        assert passes.share(secure=False) == MOST

    asyncio.run(run())


def test_those_in_line_read_on_a_few_in_each_pass() -> None:
    async def run() -> None:
        passes = Passes()
        line = [Waiting(passes) for _ in range(120)]
        for each in line:
            passes.wait_in_line(each)
        passes.spend(100 * _MS)
        went_on = []
        for _ in range(4):
            await asyncio.sleep(0)
            went_on.append(sum(each.turns for each in line))
        assert went_on == [50, 100, 120, 120]

    asyncio.run(run())
