"""A browser, and a real server on two machines for mail and two for pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.programs import program
from tests.running import Mailsink


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def servers(
    tmp_path: Path, postgresql_url: str, redis_url: str
) -> Iterator[dict[str, Mailsink]]:
    """Two servers with two processes for mail each, as on two machines; two for pages."""
    shared = {
        "DATABASE_URL": postgresql_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "the same for all",
        "RETENTION_MESSAGES": "0",
        "RETENTION_SESSIONS": "0",
    }
    smtp, http = ("--smtp", "127.0.0.1:0"), ("--http", "127.0.0.1:0")
    kinds = {
        "mail 1": (*smtp, "--http", "off", "--workers", "2"),
        "mail 2": (*smtp, "--http", "off", "--workers", "2"),
        "pages 1": ("--smtp", "off", *http),
        "pages 2": ("--smtp", "off", *http),
    }
    with ExitStack() as stack:
        started: dict[str, Mailsink] = {}
        for name, flags in kinds.items():
            started[name] = Mailsink(tmp_path / name, *flags, **shared)
            stack.callback(started[name].stop)
        yield started
