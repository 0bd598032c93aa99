"""From `mailsink setup` to a colleague who reads a mail, in a browser; axe finds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import row, send
from tests.mails import ORDER
from tests.running import Mailsink

PASSWORD = "correct horse 42"


def set_up(data: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "mailsink", "setup", "--name", "root"],
        env={**os.environ, "MAILSINK_DATA": str(data), "MAILSINK_SETUP_PASSWORD": PASSWORD},
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def _hold(page: Page) -> None:
    """Hold a page to what axe says, wide and narrow."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page.url


def test_a_colleague_is_invited_and_reads_a_mail(
    start_mailsink: Callable[..., Mailsink],
    tmp_path: Path,
    page: Page,
    browser: Browser,
) -> None:
    server = start_mailsink()
    send(server, ORDER)
    set_up(tmp_path / "data")
    page.goto(f"{server.url}/login")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(row(page, "Your order")).to_be_visible()

    page.goto(f"{server.url}/inboxes/default")
    _hold(page)
    invitations = page.get_by_role("region", name="Invitations")
    invitations.get_by_role("button", name="Make invitation").click()
    link = page.locator(".secret code").inner_text()
    _hold(page)

    guest = browser.new_context(ignore_https_errors=True).new_page()
    guest.goto(link)
    _hold(guest)
    guest.get_by_label("Name").fill("ann")
    guest.get_by_label("Password").fill("battery staple 7")
    guest.get_by_role("button", name="Make account").click()
    row(guest, "Your order").get_by_role("link").click()
    expect(guest.get_by_role("heading", name="Your order")).to_be_visible()
    guest.goto(link)
    expect(guest.get_by_text("This link does not work")).to_be_visible()
    _hold(guest)
    guest.context.close()

    page.goto(f"{server.url}/users")
    groups = page.get_by_role("region", name="Groups")
    groups.get_by_label("Name of a new group").fill("testers")
    groups.get_by_label("Users, one a line").fill("ann")
    groups.get_by_role("button", name="Add group").click()
    expect(groups.get_by_text("1 user")).to_be_visible()
    _hold(page)
    page.locator("summary", has_text="Change ann").click()
    assert_accessible(page, "details[open]")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("disabled")).to_be_visible()
