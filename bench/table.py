"""Figures as rows of Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    measured: str
    budget: str


def show(rows: Iterable[Row]) -> None:
    """Print rows as a table."""
    print("\n| what | measured | budget |\n| --- | ---: | ---: |")
    for row in rows:
        print(f"| {row.what} | {row.measured} | {row.budget} |", flush=True)


def p95(seconds: Sequence[float]) -> str:
    """Return the 95th percentile, and the median, in milliseconds."""
    *_, high = statistics.quantiles(seconds, n=20)
    middle = statistics.median(seconds)
    return f"{high * 1000:.0f} ms (median {middle * 1000:.0f})"
