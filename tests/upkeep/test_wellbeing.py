"""Troubles of a process that goes on working."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import namedtuple
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from inbox.upkeep import background, wellbeing
from inbox.upkeep.background import Background
from inbox.upkeep.wellbeing import ClockWatch, notices

Usage = namedtuple("Usage", "total used free")
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("jump", "words"), [(90.0, "forward by 90 s"), (-90.0, "back by 90 s"), (1.0, "")]
)
def test_a_clock_that_jumps_is_news_for_an_hour(jump: float, words: str) -> None:
    now, steady = [1000.0], [5.0]
    clock = ClockWatch(lambda: now[0], lambda: steady[0])
    assert clock.trouble() == ""
    now[0] += 600
    steady[0] += 600
    assert clock.trouble() == ""
    now[0] += jump
    assert words in clock.trouble()
    assert bool(clock.trouble()) is bool(words)
    now[0] += 3601
    steady[0] += 3601
    assert clock.trouble() == ""


def test_a_clock_that_is_put_right_slowly_is_no_news() -> None:
    now = [1000.0]
    clock = ClockWatch(lambda: now[0], lambda: 5.0)
    for _ in range(10):
        now[0] += 1
        assert clock.trouble() == ""


def test_a_disk_that_is_nearly_full_and_a_feed_that_is_late(tmp_path: Path) -> None:
    lag = [0.0]
    looked = notices(tmp_path, lambda: lag[0], ClockWatch())
    with patch.object(wellbeing.shutil, "disk_usage") as usage:
        usage.return_value = Usage(0, 0, 512 * MIB)
        assert looked["disk"]() == ""
        usage.return_value = Usage(0, 0, 511 * MIB)
        assert "511 MiB are left" in looked["disk"]()
    assert looked["feed"]() == ""
    lag[0] = 61.2
    assert "61 s behind" in looked["feed"]()


async def test_work_that_fails_by_an_error_is_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looked: list[str] = []
    done = threading.Event()

    def step() -> float:
        looked.append(background.trouble())
        if len(looked) < 3:
            raise ValueError("of nobody's making")
        if len(looked) == 4:
            done.set()
            return 60.0
        return 0.0

    work = Background("retention", step, retry_after=0.01)
    work.start()
    assert await asyncio.to_thread(done.wait, 120)
    await work.stop()
    failing = "retention fails with an error, which is in the log"
    assert looked == ["", failing, failing, ""]
    assert [each.getMessage() for each in caplog.records] == ["retention fails"]


async def test_no_nudge_repeats_work_that_fails_by_an_error() -> None:
    steps: list[float] = []

    def step() -> float:
        steps.append(time.monotonic())
        work.nudge()
        raise ValueError("of nobody's making")

    work = Background("indexer", step, retry_after=0.2)
    work.start()
    while len(steps) < 4:
        work.nudge()
        await asyncio.sleep(0)
    await work.stop()
    assert min(late - early for early, late in pairwise(steps)) >= 0.2


async def test_other_trouble_of_work_that_goes_on() -> None:
    work = Background("retention", lambda: 60.0, trouble=lambda: "half of it fails")
    work.start()
    assert background.trouble() == "half of it fails"
    await work.stop()


async def test_work_that_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, over, now = threading.Event(), threading.Event(), [1000.0]

    def hold() -> float:
        begun.set()
        over.wait()
        return 60.0

    monkeypatch.setattr(background, "time", SimpleNamespace(monotonic=lambda: now[0]))
    well = Background("indexer", hold)
    well.start()
    begun.wait()
    assert background.trouble() == ""
    now[0] += 301
    assert background.trouble() == "indexer has been at one step for 301 s"
    over.set()
    await well.stop()
    assert background.trouble() == ""
