"""Mail as applications send it: with swaks, over one connection, or stopped half-way."""

from __future__ import annotations

import re
import smtplib
import subprocess
from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

from tests.programs import environment, program
from tests.running import Mailsink


def swaks(server: Mailsink, subject: str, *arguments: str) -> None:
    """Send a message with a real swaks."""
    command = program("swaks", "swaks")
    host, port = server.smtp
    subprocess.run(
        [command, "--server", f"{host}:{port}", "--to", "ann@example.com",
         "--from", "shop@shop.test", "--h-Subject", subject, *arguments],
        env=environment(command), check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def send(server: Mailsink, *messages: bytes, to: Iterable[str] = ()) -> None:
    """Send messages over one connection, as they are."""
    with smtplib.SMTP(*server.smtp, local_hostname="app.shop.test") as client:
        for message in messages:
            client.sendmail("shop@shop.test", list(to) or ["ann@example.com"], message)


ROW = 56  # pixels that a row of the list is high


def until_live(page: Page) -> None:
    """Wait until the scripts of a page listen, to keys and clicks too, and it watches the feed.

    What is clicked or pressed before is lost, or loads a page where a script would not.
    """
    expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")


def open_inbox(server: Mailsink, page: Page, path: str = "/") -> None:
    """Open the inbox, and wait until it watches the feed and the rows are its own."""
    page.goto(f"{server.url}{path}")
    until_live(page)
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))


def row(page: Page, subject: str) -> Locator:
    """Return the row of a subject."""
    return page.locator("#entries li.row", has_text=subject)
