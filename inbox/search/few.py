"""Whether a condition is for a few rows that are known by their keys, or for a whole table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FEW: ContextVar[bool] = ContextVar("FEW", default=False)


@contextmanager
def few() -> Iterator[None]:
    """Let conditions that are made here be for a few rows that are known by their keys."""
    token = FEW.set(True)
    try:
        yield
    finally:
        FEW.reset(token)
