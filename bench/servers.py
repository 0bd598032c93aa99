"""The servers under test and the browser that watches them, each on its core."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.cores import LOAD_CORE, SERVER_CORE, on_core
from tests.programs import program
from tests.running import ROOT, Mailsink


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="mailsink-bench-") as folder:
        yield Path(folder)


@contextmanager
def serving(data: Path | None = None, **variables: str) -> Iterator[Mailsink]:
    """Run Mailsink on the server's core, with retention off unless variables set it."""
    variables = {"RETENTION_MESSAGES": "0", "RETENTION_SESSIONS": "0", **variables}
    with ExitStack() as stack:
        folder = data or stack.enter_context(temporary_folder())
        with on_core(SERVER_CORE):
            server = Mailsink(folder, **variables)
        stack.callback(server.stop)
        yield server


def until_idle(server: Mailsink) -> None:
    """Wait until a server does nothing for a second."""
    quiet, used = 0, server.processor_time
    while quiet < 4:
        time.sleep(0.25)
        before, used = used, server.processor_time
        quiet = quiet + 1 if used - before < 0.02 else 0


@contextmanager
def watching(url: str) -> Iterator[Page]:
    """Yield a page in a real browser, on the load's core, once its feed is live."""
    with on_core(LOAD_CORE), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("[data-lamp=live]")
        yield page
        browser.close()


def load(address: tuple[str, int], *flags: str) -> subprocess.Popen[str]:
    """Start the load client on its core; it prints its rate in messages a second."""
    return subprocess.Popen(
        ["taskset", "-c", str(LOAD_CORE), sys.executable, "bench/load.py",
         *map(str, address), *flags],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def rate(client: subprocess.Popen[str]) -> float:
    """Wait for a load client; return its rate in messages a second."""
    return float(said(client)[0])


def waits(address: tuple[str, int], messages: int) -> list[float]:
    """Send messages of 2 KB on 20 connections.

    Return the seconds from the last octet of each to its 250.
    """
    client = load(address, "--messages", str(messages), "--waits")
    return [float(each) / 1e6 for each in said(client)[1].split()]


def said(client: subprocess.Popen[str]) -> list[str]:
    """Wait for a load client; return the lines that it printed."""
    try:
        said, _ = client.communicate()
    finally:
        client.kill()
    if client.returncode:
        sys.exit("bench: the load client failed")
    return said.splitlines()
