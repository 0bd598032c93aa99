"""A soak: a million messages of mixed sizes, of which 50,000 stay. Nothing may grow.

After each ten thousand messages it measures the server: memory, descriptors, tasks, the
data folder, the time until the 250, and processor time. It also measures the machine,
with the same work each time: if that becomes slower too, the server is not the cause.
"""

from __future__ import annotations

import os
import re
import sqlite3
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import plots, processor
from bench.cores import SERVER_CORE, on_core
from bench.plots import Panel
from bench.servers import load, said, serving, temporary_folder
from bench.shapes import KIB, MIB
from bench.table import Row
from tests.running import Mailsink

_STEPS, _MESSAGES = 100, 10_000  # of each step
_KEPT = 50_000
# Each session has 500 messages and 2,000 lines, and counts as 21: about as many
# messages
_KEPT_SESSIONS = 2_000
_MIX = (  # rows of (messages of each hundred, octets, connections)
    (93, 2 * KIB, 16),
    (6, 20 * KIB, 3),
    (1, 300 * KIB, 1),
)
_FLAT = 1.15  # the largest growth factor from the beginning to the end


@dataclass(frozen=True)
class Sample:
    """The server after a step.

    sent: messages so far; rate: messages a second; p99: seconds until the step's 250
    resident: octets of memory; folder: octets of the data folder; stored: messages
    processor: seconds of the server's processor time for a message, removal included
    work, sync: seconds of the machine for the same work, and for a synced write
    """

    sent: int
    rate: float
    p99: float
    resident: float
    descriptors: float
    tasks: float
    folder: int
    stored: int
    processor: float
    work: float
    sync: float


# The plotted figures: name, unit, and value in that unit
_FIGURES: tuple[tuple[str, str, Callable[[Sample], float]], ...] = (
    ("memory", "MB", lambda each: each.resident / MIB),
    ("descriptors", "", lambda each: each.descriptors),
    ("tasks", "", lambda each: each.tasks),
    ("data folder", "MB", lambda each: each.folder / MIB),
    ("p99 of the 250", "ms", lambda each: each.p99 * 1000),
    ("processor time for a message", "µs", lambda each: each.processor * 1e6),
    ("messages a second", "", lambda each: each.rate),
    ("machine: the same work", "µs", lambda each: each.work * 1e6),
    ("machine: a synced write", "µs", lambda each: each.sync * 1e6),
)


def measure(quick: bool = False) -> list[Sample]:
    """Return the sample after each step. quick: a tenth of the messages."""
    samples = []
    with temporary_folder() as data:
        kept = {
            "RETENTION_MESSAGES": str(_KEPT),
            "RETENTION_SESSIONS": str(_KEPT_SESSIONS),
        }
        with serving(data, **kept) as server:
            for step in range(1, (_STEPS // 10 if quick else _STEPS) + 1):
                samples.append(_step(server, data, step * _MESSAGES))
                print(f"{samples[-1]}", file=sys.stderr, flush=True)
    return samples


def rows(samples: Sequence[Sample]) -> list[Row]:
    """Return each figure after the start of retention, and at the end."""
    full = [each for each in samples if each.sent > 2 * _KEPT]
    tenth = max(1, len(full) // 10)
    found = []
    for name, unit, of in _FIGURES:
        first, last = (
            statistics.median(map(of, part)) for part in (full[:tenth], full[-tenth:])
        )
        most = max(map(of, full))
        measured = f"{first:,.0f}, then {last:,.0f} {unit}".rstrip()
        budget = f"at most {_FLAT} times as much"
        if name == "messages a second":
            measured, budget = f"{first:,.0f}, then {last:,.0f}", "as many"
        elif name.startswith("machine"):
            budget = ""
        found.append(Row(name, f"{measured} (at most {most:,.0f})", budget))
    return found


def drawing(samples: Sequence[Sample]) -> str:
    """Return the plots, as one SVG."""
    return plots.over_time(
        f"{samples[-1].sent:,} messages of mixed sizes, of which {_KEPT:,} stay",
        "messages sent",
        [
            Panel(f"{name}, {unit}".rstrip(", "), [(each.sent, of(each)) for each in samples])
            for name, unit, of in _FIGURES
        ],
    )  # fmt: skip


def _step(server: Mailsink, data: Path, sent: int) -> Sample:
    used, began = processor.used(server.process.pid), time.perf_counter()
    clients = [
        load(
            server.smtp, "--messages", str(_MESSAGES * share // 100), "--waits",
            "--size", str(size), "--connections", str(connections),
        )
        for share, size, connections in _MIX
    ]  # fmt: skip
    waits = [int(each) for client in clients for each in said(client)[1].split()]
    rate = _MESSAGES / (time.perf_counter() - began)
    used = processor.used(server.process.pid) - used
    gauges = _gauges(server)
    return Sample(
        sent,
        rate,
        statistics.quantiles(waits, n=100)[98] / 1e6,
        gauges["mailsink_resident_memory_bytes"],
        gauges["mailsink_open_fds"],
        gauges["mailsink_tasks"],
        _octets(data),
        _stored(data),
        used / _MESSAGES,
        _fastest(_work),
        _fastest(partial(_sync, data / "bench")),
    )


def _gauges(server: Mailsink) -> dict[str, float]:
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        text = answer.read().decode()
    found = re.findall(r"^(\w+)(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def _fastest(work: Callable[[], None]) -> float:
    """Return the seconds of some work on the server's core, the best of several runs."""
    seconds = []
    with on_core(SERVER_CORE):
        for _ in range(15):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    return min(seconds)


def _work() -> None:
    for number in range(2_000):
        str(number).encode().hex()


def _sync(path: Path) -> None:
    with path.open("wb") as file:
        file.write(bytes(16 * KIB))
        file.flush()
        os.fdatasync(file.fileno())


def _octets(data: Path) -> int:
    total = 0
    for folder, _, names in os.walk(data):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # it was deleted meanwhile
    return total


def _stored(data: Path) -> int:
    with closing(sqlite3.connect(data / "mailsink.sqlite3")) as database:
        (number,) = database.execute("SELECT count(*) FROM inbox_message").fetchone()
    return int(number)
