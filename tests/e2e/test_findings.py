"""Findings about clients in a real browser: chip, panel, marks, the message's tab, mutes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox
from tests.e2e.wire import Wire
from tests.running import Mailsink

BODY = (
    b"From: a@shop.test\r\nBcc: eve@example.com\r\nSubject: %s\r\n\r\nHi.\nHo.\r\n.\r\n"
)


def send(mailsink: Mailsink, name: str) -> None:
    """Send a mail with no Date, no Message-ID, a Bcc field and a bare LF."""
    with Wire(mailsink.smtp) as wire:
        wire.say(f"EHLO {name}")
        wire.begin_message()
        wire.send(BODY % name.encode())
        wire.reply()
        wire.say("QUIT")


def open_session(page: Page, mailsink: Mailsink, name: str) -> None:
    page.goto(f"{mailsink.url}/sessions")
    page.locator("[data-sessions] li", has_text=name).first.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text(name)


@pytest.mark.parametrize(
    "width", [1440, pytest.param(900, marks=pytest.mark.long), 390]
)
def test_chip_leads_to_the_findings(mailsink: Mailsink, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    send(mailsink, f"chip{width}.test")
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-sessions] li", has_text=f"chip{width}.test").first
    expect(row.locator(".chip")).to_have_text("4 findings")
    open_session(page, mailsink, f"chip{width}.test")
    page.get_by_role("link", name="4 findings", exact=True).click()
    pane = page.locator("[data-details]")
    finding = pane.locator(".finding", has_text="bare LF in the message")
    expect(finding).to_contain_text("Error")
    expect(finding).to_contain_text("Exchange Online")
    expect(finding).to_contain_text("RFC 5321 §2.3.8, Lines")
    expect(finding.locator("code")).to_contain_text(r"Hi.\x0aHo.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".fold summary").first.click()
    assert_accessible(page)
    finding.get_by_role("link", name="6", exact=True).click()
    expect(page.locator("#e6")).to_have_attribute("aria-current", "true")
    expect(page.locator("#e6")).to_contain_text("Bcc is visible")
    expect(page.locator("[data-details]")).to_contain_text("no Message-ID")
    assert_accessible(page)


def test_message_tells_its_findings(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, "letter.test")
    open_inbox(mailsink, page)
    page.locator("#entries > li", has_text="letter.test").get_by_role("link").click()
    tab = page.get_by_role("tab", name="SMTP")
    expect(tab).to_contain_text("4")
    tab.click()
    expect(page.locator("#panel .finding.severity-error").first).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_muting(mailsink: Mailsink, browser: Browser, scripts: bool) -> None:
    name = f"mute{scripts}.test".lower()
    send(mailsink, name)
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    open_session(page, mailsink, name)
    page.get_by_role("link", name="4 findings", exact=True).click()
    pane = page.locator("[data-details]")
    finding = pane.locator(".finding", has_text="Bcc is visible")
    finding.get_by_text("Mute “Bcc is visible”").click()
    finding.get_by_label("Reason").fill("We test Bcc itself.")
    finding.get_by_role("button", name="Mute in this inbox").click()
    expect(page.get_by_role("link", name="3 findings", exact=True)).to_be_visible()
    page.get_by_text("1 muted").click()
    expect(pane).to_contain_text("We test Bcc itself.")
    pane.get_by_role("button", name="Unmute").click()
    expect(page.get_by_role("link", name="4 findings", exact=True)).to_be_visible()
    context.close()
