"""Programs that are forks of tests/zygote.py: they start in a quarter of the time."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any, TextIO

ROOT = Path(__file__).resolve().parent.parent


class ForkedProcess:
    """A process as subprocess.Popen has one: what tests ask of it.

    stdout: the lines that it prints
    returncode: None while it runs, negative for a signal
    """

    def __init__(self, pid: int, stdout: TextIO, report: socket.socket) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._report = report

    def poll(self) -> int | None:
        """Return how it ended, or None."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ends. Raises subprocess.TimeoutExpired after so many seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("serve", timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if (
            self.returncode is None
            and select.select([self._report], [], [], timeout)[0]
        ):
            self.returncode = int(self._report.recv(16))
            self._report.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def _zygote() -> tuple[socket.socket, Mapping[str, str]]:
    """Return the socket on which it is asked, and the environment that it began with."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = _others(os.environ)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.zygote", str(its.fileno())],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[its.fileno()],
    )
    its.close()
    atexit.register(process.wait)
    atexit.register(ours.close)  # runs before
    return ours, environment


# Of variables that are read whenever they are asked for: ours, pytest's, boto3's, and those
# that say what the terminal is like, and what a shell wants completed
_READ_LATE = ("MAILSINK_", "PYTEST_", "AWS_", "COLUMNS", "TERM", "COMP_", "_MAILSINK_")


def _others(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a process may have read before it is a server."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_READ_LATE)
    }


def can_run(environment: Mapping[str, str]) -> bool:
    """Whether a fork would be as a new process: Python and C libraries read theirs only once."""
    return sys.platform == "linux" and _others(environment) == _zygote()[1]


def run(
    arguments: list[str],
    environment: Mapping[str, str],
    stderr: IO[Any],
    most: int = 0,
    stdin: IO[Any] | None = None,
    folder: Path = ROOT,
) -> ForkedProcess:
    """Run a script, or a module: ["manage.py", "serve"], ["-m", "mailsink"].

    most: how many files it may have open; 0: as we. stdin: a file; none: empty
    """
    reading, writing = os.pipe()
    # Packets: the id of a process that soon ends and how it ended may be there together
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = {
        "arguments": arguments,
        "environment": dict(environment),
        "descriptors": most,
        "folder": str(folder),
    }
    descriptors = [writing, stderr.fileno(), its.fileno()]
    descriptors += [] if stdin is None else [stdin.fileno()]
    socket.send_fds(_zygote()[0], [json.dumps(request).encode()], descriptors)
    os.close(writing)
    its.close()
    pid = int(ours.recv(16))
    return ForkedProcess(pid, open(reading, encoding="utf-8"), ours)
