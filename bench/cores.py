"""The server under test has one core, whatever loads and watches it the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

SERVER_CORE, LOAD_CORE = 0, 1


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Stay on one core; so does what is started meanwhile, to its end."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
