"""The parent of several processes: which it starts again, when, and what ends it."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import pytest

from mailsink import supervisor
from mailsink.supervisor import ProcessPlace, Supervisor


def died(place: ProcessPlace, code: int = -9, lived: float = 0.0) -> float:
    """Let the process of a place die; return how long it rests."""
    place.started_at = time.monotonic() - lived
    parent = Supervisor([place], lambda: None)
    parent._said_ready = True
    parent._ended(place, code)
    return place.rest


def test_who_dies_again_and_again_rests_longer() -> None:
    place = ProcessPlace("SMTP process 1")
    rests = [died(place) for _ in range(10)]
    assert rests == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert died(place, lived=60) == 0
    assert died(place) == 0.5


def test_the_log_says_it_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    place = ProcessPlace("SMTP process 1")
    with caplog.at_level(logging.ERROR):
        died(place, 3)
        died(place)
    assert caplog.messages == [
        "SMTP process 1 ended with exit code 3; it is started again now",
        "SMTP process 1 was ended by SIGKILL; it is started again in 0.5 s",
    ]


_FAMILY = """
import os, signal, sys, time
from mailsink.ids import uuid7
from mailsink.supervisor import ProcessPlace, Supervisor
made = uuid7()
begun, begins = os.pipe()
def work(child):
    os.write(1, f"{child.number} {child.dead is not None} {uuid7()}\\n".encode())
    if child.number == 0 and child.dead is None:
        os.kill(os.getpid(), signal.SIGKILL)
    child.ready()
    if child.number == 1:
        os.write(begins, b"x")
        time.sleep(600)
    os.read(begun, 1)
    return 7
places = [ProcessPlace("one", is_vital=True), ProcessPlace("two")]
code = Supervisor(places, lambda: os.write(1, b"ready\\n")).run(work)
sys.exit(code)
"""


def test_the_end_of_a_vital_process_ends_all_with_its_code() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAMILY], capture_output=True, text=True, timeout=120
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 7, done.stderr
    begun = [line for line in lines if len(line) == 3]
    assert sorted(line[:2] for line in begun) == [
        ["0", "False"],
        ["0", "True"],  # it was killed, and started again
        ["1", "False"],
    ]
    # No two of them draw the same random numbers.
    assert len({line[2][19:] for line in begun}) == 3
    assert "one was ended by SIGKILL; it is started again now" in done.stderr


def test_a_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor.threading, "active_count", lambda: 2)
    with pytest.raises(RuntimeError):
        Supervisor([], lambda: None).run(lambda _: 0)
