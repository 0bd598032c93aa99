"""The first administrator, the login and its passkeys, as tests with a browser use them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests import running
from tests.e2e.mail import until_live

PASSWORD = "correct horse 42"
_DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def set_up(data: Path) -> None:
    """Make an administrator, root, as `mailsink setup` does."""
    running.set_up(data)
    environ = running.environment(data, SETUP_PASSWORD=PASSWORD)
    done = running.finished(["-m", "mailsink", "setup", "--name", "root"], environ)
    assert done.returncode == 0, done.stderr.decode()


def sign_in(page: Page, url: str, lands_on: str = "") -> None:
    """Sign root in by the password. lands_on: the heading of the page after; "" for the inbox"""
    page.goto(f"{url}/login")
    while page.url != f"{url}/login":  # a server looks once in a second for accounts
        page.goto(f"{url}/login")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if lands_on:
        expect(page.get_by_role("heading", name=lands_on)).to_be_visible()
    else:
        expect(page).to_have_url(f"{url}/")
        until_live(page)


def sign_out(page: Page, url: str) -> None:
    """Sign out whoever has signed in."""
    page.goto(f"{url}/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def make(page: Page, url: str, path: str, **given: object) -> str:
    """Make something by API v3 as whoever has signed in; return its link.

    Playwright sends no Sec-Fetch fields: Referer says that a page of ours asks.
    """
    asking = {"Referer": f"{url}/"}
    made = page.request.post(f"{url}/api/v3/{path}", data=given, headers=asking)
    return str(made.json()["url"])


def passkey_device(page: Page) -> Callable[[], list[Any]]:
    """Give a page's browser a device with passkeys; return what lists them."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
    return lambda: cdp.send("WebAuthn.getCredentials", made)["credentials"]
