"""The first administrator, and the login, as tests with a browser use them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

PASSWORD = "correct horse 42"


def set_up(data: Path) -> None:
    """Make an administrator, root, as `mailsink setup` does."""
    subprocess.run(
        [sys.executable, "-m", "mailsink", "setup", "--name", "root"],
        env={**os.environ, "MAILSINK_DATA": str(data), "MAILSINK_SETUP_PASSWORD": PASSWORD},
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def sign_in(page: Page, url: str, lands_on: str = "") -> None:
    """Sign root in by the password. lands_on: the heading of the page after; "" for the inbox"""
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if lands_on:
        expect(page.get_by_role("heading", name=lands_on)).to_be_visible()
    else:
        expect(page).to_have_url(f"{url}/")
