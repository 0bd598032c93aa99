"""The servers under test and the browser that watches them, each on its core."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.programs import program
from tests.running import ROOT, Mailsink

SERVER_CORE, LOAD_CORE = 0, 1


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
def watching(url: str) -> Iterator[Page]:
    """Let a real browser watch a page, on the load's core, once its feed is live."""
    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program("chromium", "chromium"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            page = browser.new_page()
            page.goto(url)
            page.wait_for_selector("[data-lamp=live]")
            yield page
            browser.close()
    finally:
        os.sched_setaffinity(0, {SERVER_CORE, LOAD_CORE})


def load(address: tuple[str, int], *flags: str) -> subprocess.Popen[str]:
    """Start the load client on its core; it prints the messages a second."""
    return subprocess.Popen(
        ["taskset", "-c", str(LOAD_CORE), sys.executable, "bench/load.py",
         *map(str, address), *flags],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def rate(client: subprocess.Popen[str]) -> float:
    """Wait for a load client; return the messages a second that it sent."""
    said, _ = client.communicate()
    if client.returncode:
        sys.exit("bench: the load client failed")
    return float(said)
