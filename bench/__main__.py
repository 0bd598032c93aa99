"""Measures Mailsink beside bare aiosmtpd, in turns on one core, as ratios.

    make bench, or: python -m bench [--rounds 5] [--quick]

The server under test has one core, the load client and a watching browser the other.
Prints Markdown, as it stands in bench/README.md. Needs two cores and Linux.
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.programs import program  # noqa: E402
from tests.running import Mailsink  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("bench: needs two cores, one for the server and one for the load")
    scale = 10 if options.quick else 1

    print(f"{platform.python_implementation()} {platform.python_version()}, "
          f"{platform.system()}, median of {options.rounds} rounds in turns.\n")  # fmt: skip
    throughput(options.rounds, scale)
    resources()


def throughput(rounds: int, scale: int) -> None:
    """Print the messages a second of both, for each shape."""
    print(
        "| load | Mailsink /s | bare aiosmtpd /s | ratio (lowest to highest) | budget |"
    )
    print("| --- | ---: | ---: | ---: | ---: |")
    for shape in SHAPES:
        ours: list[float] = []
        theirs: list[float] = []
        with ExitStack() as stack:
            bare = stack.enter_context(bare_aiosmtpd())
            mailsink = stack.enter_context(serving())
            stack.enter_context(watching(mailsink.url))
            for _ in range(rounds):
                theirs.append(load(bare, shape, scale))
                ours.append(load(mailsink.smtp, shape, scale))
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(
            f"| {shape.name} | {statistics.median(ours):.0f} "
            f"| {statistics.median(theirs):.0f} "
            f"| {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
            f"| {shape.budget} |",
            flush=True,
        )


def resources() -> None:
    """Print start and memory."""
    with serving() as mailsink:
        data = mailsink.data
    began = time.perf_counter()
    with serving(data) as mailsink:
        started = time.perf_counter() - began
        idle = resident(mailsink)
        grown = growth(mailsink, 20 * 1024 * 1024)
    print("\n| what | measured | budget |\n| --- | ---: | ---: |")
    print(f"| start to ready, already set up | {started:.2f} s | 2 s |")
    print(f"| idle memory | {idle / 1e6:.0f} MB | 120 MB |")
    print(f"| memory grown by a 20 MB message | {grown / 1e6:.1f} MB | 60 MB |")


def growth(mailsink: Mailsink, size: int) -> int:
    """Return by how many octets the resident memory grew at most, for one message."""
    before = resident(mailsink)
    client = subprocess.Popen(
        [sys.executable, "bench/load.py", *map(str, mailsink.smtp),
         "--messages", "1", "--connections", "1", "--size", str(size)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    most = before
    while client.poll() is None:
        most = max(most, resident(mailsink))
    return most - before


def resident(mailsink: Mailsink) -> int:
    """Return the resident memory of a server, in octets."""
    with open(f"/proc/{mailsink.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def load(address: tuple[str, int], shape: Shape, scale: int) -> float:
    """Send one round of a shape; return the messages a second."""
    messages = shape.messages // scale
    done = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), sys.executable, "bench/load.py",
         *map(str, address), "--messages", str(messages), *shape.flags],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


@contextmanager
def bare_aiosmtpd() -> Iterator[tuple[str, int]]:
    """Run stock aiosmtpd with a handler that discards, on the server's core."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), sys.executable, "bench/bare.py", str(port)],
        cwd=ROOT,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    sys.exit("bench: bare aiosmtpd did not start")
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def serving(data: Path | None = None) -> Iterator[Mailsink]:
    """Run Mailsink on the server's core, retention off."""
    folder = data or Path(tempfile.mkdtemp(prefix="mailsink-bench-"))
    os.sched_setaffinity(0, {SERVER_CORE})  # what is started now inherits it
    try:
        server = Mailsink(folder, RETENTION_MESSAGES="0", RETENTION_SESSIONS="0")
    finally:
        os.sched_setaffinity(0, {SERVER_CORE, LOAD_CORE})
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def watching(url: str) -> Iterator[None]:
    """Let a real browser watch the inbox, on the load's core."""
    from playwright.sync_api import sync_playwright

    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program("chromium", "chromium"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            page = browser.new_page()
            page.goto(url)
            page.wait_for_selector("[data-live=on], .live, body")
            yield
            browser.close()
    finally:
        os.sched_setaffinity(0, {SERVER_CORE, LOAD_CORE})


if __name__ == "__main__":
    main()
