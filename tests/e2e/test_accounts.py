"""From `mailsink setup` to a colleague who reads a mail, in a browser; axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible, hold
from tests.e2e.mail import row, send, until_live
from tests.e2e.people import set_up, sign_in
from tests.mails import ORDER
from tests.running import Mailsink


def test_a_colleague_is_invited_and_reads_a_mail(
    start_mailsink: Callable[..., Mailsink],
    tmp_path: Path,
    page: Page,
    browser: Browser,
) -> None:
    server = start_mailsink()
    send(server, ORDER)
    set_up(tmp_path / "data")
    sign_in(page, server.url)
    expect(row(page, "Your order")).to_be_visible()

    page.goto(f"{server.url}/inboxes/default")
    hold(page)
    invitations = page.get_by_role("region", name="Invitations")
    invitations.get_by_role("button", name="Make invitation").click()
    link = page.locator(".secret code").inner_text()
    hold(page)

    guest = browser.new_context(ignore_https_errors=True).new_page()
    guest.goto(link)
    hold(guest)
    guest.get_by_label("Name").fill("ann")
    guest.get_by_label("Password").fill("battery staple 7")
    guest.get_by_role("button", name="Make account").click()
    expect(guest).to_have_url(f"{server.url}/")
    until_live(guest)
    row(guest, "Your order").get_by_role("link").click()
    expect(guest.get_by_role("heading", name="Your order")).to_be_visible()
    guest.goto(link)
    expect(guest.get_by_text("This link does not work")).to_be_visible()
    hold(guest)
    guest.context.close()

    page.goto(f"{server.url}/users")
    groups = page.get_by_role("region", name="Groups")
    groups.get_by_label("Name of a new group").fill("testers")
    groups.get_by_label("Users, one a line").fill("ann")
    groups.get_by_role("button", name="Add group").click()
    expect(groups.get_by_text("1 user")).to_be_visible()
    hold(page)
    page.locator("summary", has_text="Change ann").click()
    assert_accessible(page, "details[open]")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("disabled")).to_be_visible()


def test_the_palette_leads_to_ones_own_account_and_out(
    start_mailsink: Callable[..., Mailsink], tmp_path: Path, page: Page
) -> None:
    server = start_mailsink()
    set_up(tmp_path / "data")
    sign_in(page, server.url)
    for typed, path in (
        ("your account", "account"),
        ("passkeys", "account/second-factors"),
        ("api tok", "account/tokens"),
        ("audit", "audit"),
        ("users", "users"),
        ("sign out", "login"),
    ):
        until_live(page)
        page.keyboard.press("Control+k")
        expect(page.locator("#palette").get_by_role("combobox")).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{server.url}/{path}")
