"""Start and memory."""

from __future__ import annotations

import os
import time

from bench.servers import load, serving, temporary_folder
from bench.table import Row
from tests.running import Mailsink

_MIB = 1024 * 1024


def measure() -> list[Row]:
    with temporary_folder() as data:
        with serving(data):
            pass
        began = time.perf_counter()
        with serving(data) as mailsink:
            started = time.perf_counter() - began
            idle = _resident(mailsink)
            grown = _growth(mailsink, 20 * _MIB)
    return [
        Row("start to ready, already set up", f"{started:.2f} s", "2 s"),
        Row("idle memory", f"{idle / 1e6:.0f} MB", "120 MB"),
        Row("memory grown by a 20 MB message", f"{grown / 1e6:.1f} MB", "60 MB"),
    ]


def _growth(mailsink: Mailsink, size: int) -> int:
    """Return the largest growth of resident memory for one message, in octets."""
    most = before = _resident(mailsink)
    client = load(
        mailsink.smtp, "--messages", "1", "--connections", "1", "--size", str(size)
    )
    while client.poll() is None:
        most = max(most, _resident(mailsink))
    client.communicate()
    return most - before


def _resident(mailsink: Mailsink) -> int:
    """Return the resident memory of a server, in octets."""
    with open(f"/proc/{mailsink.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
