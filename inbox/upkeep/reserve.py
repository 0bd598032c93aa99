"""Keeps the reserve for a full disk (storage/full_disk.py)."""

from __future__ import annotations

from inbox.storage import full_disk
from inbox.upkeep.background import Background

_LOOK_EVERY = 10.0  # seconds


def reserve() -> Background:
    """Return the work of keeping the reserve."""

    def step() -> float:
        full_disk.keep_reserve()
        return _LOOK_EVERY

    return Background("reserve", step)
