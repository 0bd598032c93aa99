"""`mailsink move` of 50,000 messages: to PostgreSQL, and back to SQLite.

A thousand are captured, then copied with all their data under new ids.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from bench.cores import SERVER_CORE, on_core
from bench.servers import load, rate, serving, temporary_folder
from bench.table import Row
from tests import private
from tests.running import ROOT, environment

_FILE = "mailsink.sqlite3"
_CAPTURED, _TIMES = 1000, 50
_MULTIPLIED = {  # tables, with the columns that have ids
    "inbox_session": ("id",),
    "inbox_transaction": ("id", "session_id"),
    "inbox_recipient": ("transaction_id",),
    "inbox_exchange": ("session_id", "transaction_id"),
    "inbox_raw": ("transaction_id",),
    "inbox_fingerprint": ("transaction_id",),
    "inbox_message": ("id", "transaction_id"),
}
_KEY = {"SECRET_KEY": "for both"}


def measure(quick: bool = False) -> list[Row]:
    """Measure; quick: a tenth of the messages."""
    times = _TIMES // 10 if quick else _TIMES
    stored = _CAPTURED * times
    with ExitStack() as stack:
        data = stack.enter_context(temporary_folder())
        with serving(data) as server:
            rate(load(server.smtp, "--messages", str(_CAPTURED)))
            _until_indexed(data / _FILE)
        _multiply(data / _FILE, times)
        url = stack.enter_context(private.postgresql())
        back = data / "back"
        there = _move(data, url, {})
        again = _move(data, f"sqlite:///{back}/{_FILE}", {"DATABASE_URL": url})
        same = "the same" if there.sums == again.sums else "NOT THE SAME"
    return [
        *there.rows(f"move of {stored:,} messages, SQLite to PostgreSQL"),
        *again.rows("and back to SQLite"),
        Row(f"sums of all {len(there.sums)} tables, there and back", same, "the same"),
    ]


def _until_indexed(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        waiting = "SELECT 1 FROM inbox_message WHERE indexed_at IS NULL LIMIT 1"
        while database.execute(waiting).fetchone():
            time.sleep(0.2)


def _multiply(path: Path, times: int) -> None:
    """Copy each session and message until there are `times` of it."""

    def other(id: str | None, number: int) -> str | None:
        return id and f"{id[:28]}{int(id[28:], 16) ^ number:04x}"

    with closing(sqlite3.connect(path)) as database, database:
        database.create_function("other", 2, other, deterministic=True)
        for table, ids in _MULTIPLIED.items():
            columns = [
                name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")
            ]
            values = [f"other({n}, :n)" if n in ids else f'"{n}"' for n in columns]
            database.executemany(
                f"INSERT INTO {table} SELECT {', '.join(values)} FROM {table}"
                " WHERE rowid <= :most",
                _numbers(database, table, times),
            )


def _numbers(
    database: sqlite3.Connection, table: str, times: int
) -> list[dict[str, int]]:
    [(most,)] = database.execute(f"SELECT max(rowid) FROM {table}")
    return [{"n": number, "most": most} for number in range(1, times)]


class _Move:
    """A finished move. sums: the lines of tables that it printed."""

    def __init__(self, seconds: float, processor: float, kib: int, said: str) -> None:
        self.seconds, self.processor, self.mib = seconds, processor, kib / 1024
        lines = [line.split() for line in said.splitlines()]
        self.sums = {
            name: (rows, digest)
            for name, rows, digest in (line for line in lines if len(line) == 3)
            if len(digest) == 16
        }
        self.moved = sum(int(rows.replace(",", "")) for rows, _ in self.sums.values())

    def rows(self, what: str) -> list[Row]:
        return [
            Row(f"{what}: {self.moved:,} rows, copied, checked and indexed",
                f"{self.seconds:.0f} s ({self.processor:.0f} s of processor)", ""),
            Row("its memory at most", f"{self.mib:.0f} MiB", ""),
        ]  # fmt: skip


def _move(data: Path, url: str, variables: Mapping[str, str]) -> _Move:
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "move", "--to", url],
            cwd=ROOT, env=environment(data, **_KEY, **variables),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
    assert process.stdout
    began = os.times().elapsed
    with process.stdout as pipe:
        said = pipe.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("bench: the move failed")
    seconds = os.times().elapsed - began
    return _Move(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss, said)
