"""One, two and four processes for mail, on SQLite and on PostgreSQL, on all cores.

The load uses the same cores, so the processor time means more than the rates: with a
core for each process, rates are higher.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from bench import processor, source
from bench.servers import temporary_folder
from bench.shapes import KIB, Budget, Shape
from tests import private
from tests.running import ANY_PORT, Mailsink

_SHAPE = Shape("2 KB, 40 connections kept", 8000, 2 * KIB, 40, True, Budget(0, 0))
_PROCESSES = (0, 1, 2, 4)  # 0: one process for mail and pages


class ScaledTurn(NamedTuple):
    """Messages a second; processor seconds for 1,000 messages, of Mailsink and of PostgreSQL."""

    database: str
    processes: int
    rate: float
    own: float
    others: float


def measure(scale: int) -> list[ScaledTurn]:
    """Measure each number of processes on each database. scale: 10 sends a tenth."""
    turns = []
    for database in ("SQLite", "PostgreSQL"):
        for processes in _PROCESSES:
            turns.append(_turn(database, processes, _SHAPE.messages // scale))
            print(f"bench: {turns[-1]}", file=sys.stderr)
    return turns


def _turn(database: str, processes: int, messages: int) -> ScaledTurn:
    with _serving(database, processes) as (server, database_pid):
        source.send(server.smtp, _SHAPE, 200)  # loads the code of the first message
        before, others = _used(server, database_pid)
        began = time.perf_counter()
        source.send(server.smtp, _SHAPE, messages)
        seconds = time.perf_counter() - began
        own, after = _used(server, database_pid)
    per = messages / 1000
    return ScaledTurn(
        database, processes, messages / seconds, (own - before) / per, (after - others) / per
    )  # fmt: skip


def _used(server: Mailsink, database_pid: int) -> tuple[float, float]:
    """Return the processor seconds so far, of Mailsink and of PostgreSQL."""
    others = processor.used(database_pid) if database_pid else 0.0
    return processor.used(server.process.pid), others


@contextmanager
def _serving(database: str, processes: int) -> Iterator[tuple[Mailsink, int]]:
    """Run Mailsink, retention off; yield it, and the process of PostgreSQL or 0."""
    variables: dict[str, Any] = {"RETENTION_MESSAGES": "0", "RETENTION_SESSIONS": "0"}
    pid = 0
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        if database == "PostgreSQL":
            postgresql = stack.enter_context(private.running_postgresql(durable=True))
            pid = postgresql.pid
            variables |= {"DATABASE_URL": postgresql.url, "SECRET_KEY": "of a bench"}
        flags = ("--workers", str(processes)) if processes else ()
        server = Mailsink(folder, *ANY_PORT, *flags, **variables)
        stack.callback(server.stop)
        yield server, pid


def markdown(turns: list[ScaledTurn]) -> str:
    """Return a table of the turns."""
    lines = [
        "| database | processes for mail | messages/s | CPU s for 1,000, Mailsink | the database |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for each in turns:
        number = each.processes or "one for all"
        others = f"{each.others:.2f}" if each.others else ""
        lines.append(
            f"| {each.database} | {number} | {each.rate:.0f} | {each.own:.2f} | {others} |"
        )
    return "\n".join(lines)
