"""How the processor time that work takes grows with the size of its input."""

from __future__ import annotations

import time
from collections.abc import Callable

_MEASURABLE = 0.05  # seconds
_LARGEST = 2**20
_RUNS = 3
_TRIES = 3


def assert_linear(work: Callable[[int], object], size: int = 4096) -> None:
    """Assert that input of twice the size takes less than three times as long.

    work: takes a size, in whatever it counts. The size is doubled until the time can be
    measured. Of processor time the best of a few runs counts, and one try of a few is
    enough, since others use the machine: what takes the square never gets below four.
    """
    while _took(work, size) < _MEASURABLE:
        if size >= _LARGEST:
            return
        size *= 2
    tried = []
    for _ in range(_TRIES):
        once, twice = (
            min(_took(work, n) for _ in range(_RUNS)) for n in (size, 2 * size)
        )
        if twice < 3 * once:
            return
        tried.append(f"{size}: {once:.3f} s, {2 * size}: {twice:.3f} s")
    raise AssertionError("; ".join(tried))


def _took(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
