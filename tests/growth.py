"""How the processor time that work takes grows with the size of its input."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

_MEASURABLE = 0.05  # seconds
_LARGEST = 2**20
_FEWEST_RUNS, _RUNS = 3, 9


def assert_linear(work: Callable[[int], object], size: int = 4096) -> None:
    """Assert that input of twice the size takes less than three times as long.

    work: takes a size, in whatever it counts. The size is doubled until the time can be
    measured. Of processor time the best of a few runs counts, since others use the
    machine: what takes the square never gets below four.
    """
    while (once := _took(work, size)) < _MEASURABLE:
        if size >= _LARGEST:
            return
        size *= 2
    twice = math.inf
    for run in range(1, _RUNS + 1):
        once = min(once, _took(work, size))
        twice = min(twice, _took(work, 2 * size))
        if run >= _FEWEST_RUNS and twice < 3 * once:
            return
    raise AssertionError(f"{size}: {once:.3f} s, {2 * size}: {twice:.3f} s")


def _took(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
