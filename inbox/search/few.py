"""A switch for conditions: whether they select from a few known rows or a whole table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FEW: ContextVar[bool] = ContextVar("FEW", default=False)


@contextmanager
def few() -> Iterator[None]:
    """Make conditions for a few rows that are known by their keys, within this block."""
    token = FEW.set(True)
    try:
        yield
    finally:
        FEW.reset(token)
