"""The shapes of load, and the budgets that Mailsink has for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

KIB, MIB = 1024, 1024 * 1024


class Budget(NamedTuple):
    """The ratios to peers that Mailsink must reach; 0: no budget."""

    to_mailpit: float  # messages a second, at least
    to_bare: float  # messages a second, at least
    cpu_to_mailpit: float = 0.0  # all processor time, less than


@dataclass(frozen=True)
class Shape:
    """A kind of load.

    messages: in a round, enough for a few seconds of the fastest server
    size: octets of the text, without the header
    connections: open at the same time
    kept: each connection sends several messages; else it closes after one
    """

    name: str
    messages: int
    size: int
    connections: int
    kept: bool
    budget: Budget
    latency: bool = False  # use this shape for the histogram of the 250


_SMALL = Budget(1.5, 1.2, 1.0)

SHAPES = (
    Shape("2 KB, 20 connections kept", 10_000, 2 * KIB, 20, True, _SMALL, latency=True),
    Shape("2 KB, a connection each, 20 at a time", 5_000, 2 * KIB, 20, False, _SMALL),
    Shape("2 KB, one connection kept", 5_000, 2 * KIB, 1, True, _SMALL),
    Shape("2 KB, 200 connections kept", 10_000, 2 * KIB, 200, True, Budget(2, 0, 1)),
    Shape("50 KB, 20 connections kept", 3_000, 50 * KIB, 20, True, Budget(5, 2)),
    Shape("5 MB, 4 connections kept", 40, 5 * MIB, 4, True, Budget(10, 2)),
)
