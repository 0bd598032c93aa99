"""The inbox and the message pages, held to WCAG 2.2 AA in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.e2e.wire import Wire
from tests.mails import apart, plain, rich
from tests.running import Mailsink


def test_empty_inbox_is_accessible(start_mailsink, page: Page) -> None:
    open_inbox(start_mailsink(), page)
    expect(page.locator("#empty")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize(
    "width", [1440, pytest.param(900, marks=pytest.mark.long), 390]
)
def test_inbox_is_accessible(mailsink: Mailsink, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_inbox(mailsink, page)
    send(mailsink, rich("Accessible", "<p>Hi</p>"))
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.begin_message()
        client.send(plain(f"Cut off at {apart(width)}"))
    expect(row(page, f"Cut off at {apart(width)}").first).to_be_visible()
    page.locator("#entries > li").first.hover()
    send(mailsink, plain("One more"))
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    assert_accessible(page)


def test_message_is_accessible_in_every_tab(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, rich("Every tab", "<p>Hi</p>"))
    open_inbox(mailsink, page)
    row(page, "Every tab").get_by_role("link").click()
    for key in ("preview", "source", "headers", "parts", "checks", "smtp"):
        page.locator(f"#tab-{key}").click()
        expect(page.locator(f'#panel[aria-labelledby="tab-{key}"]')).to_be_visible()
        assert_accessible(page)


def test_refused_message_is_accessible(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.begin_message()
        client.send(plain("Refused"))
    open_inbox(mailsink, page)
    row(page, "Refused").get_by_role("link").click()
    expect(page.locator("#detail .banner.error")).to_be_visible()
    assert_accessible(page)


def test_trash_and_shortcuts_are_accessible(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Gone"))
    open_inbox(mailsink, page)
    row(page, "Gone").get_by_role("link").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{mailsink.url}/trash")
    page.keyboard.press("?")
    assert_accessible(page)
