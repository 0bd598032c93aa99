"""Messages a second, beside bare aiosmtpd."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import dataclass

from bench.servers import bare_aiosmtpd, load, rate, serving, watching


@dataclass(frozen=True)
class Shape:
    """A kind of load, and the ratio to bare aiosmtpd that it is to reach."""

    name: str
    messages: int
    flags: tuple[str, ...]
    budget: float


SHAPES = (
    Shape("2 KB, 20 connections kept open", 6000, (), 1.0),
    Shape("2 KB, a connection for each message", 2000, ("--each", "1"), 0.8),
    Shape("50 KB, 20 connections kept open", 1000, ("--size", "51200"), 2.0),
)


def measure(rounds: int, scale: int) -> float:
    """Print the messages a second of both for each shape; return our best."""
    print(
        "| load | Mailsink /s | bare aiosmtpd /s | ratio (lowest to highest) | budget |"
    )
    print("| --- | ---: | ---: | ---: | ---: |")
    return max(_compare(shape, rounds, scale) for shape in SHAPES)


def _compare(shape: Shape, rounds: int, scale: int) -> float:
    ours: list[float] = []
    theirs: list[float] = []
    with ExitStack() as stack:
        bare = stack.enter_context(bare_aiosmtpd())
        mailsink = stack.enter_context(serving())
        stack.enter_context(watching(mailsink.url))
        for _ in range(rounds):
            theirs.append(_send(bare, shape, scale))
            ours.append(_send(mailsink.smtp, shape, scale))
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"| {shape.name} | {statistics.median(ours):.0f} "
        f"| {statistics.median(theirs):.0f} "
        f"| {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
        f"| {shape.budget} |",
        flush=True,
    )
    return statistics.median(ours)


def _send(address: tuple[str, int], shape: Shape, scale: int) -> float:
    messages = str(shape.messages // scale)
    return rate(load(address, "--messages", messages, *shape.flags))
