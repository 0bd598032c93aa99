"""Choosing messages in a real browser, by mouse, keys and touch; and bursts."""

from __future__ import annotations

import re
import smtplib
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.mails import apart, plain
from tests.running import Mailsink


def chosen(page: Page, words: str) -> None:
    expect(page.locator("[data-chosen-count]")).to_have_text(words)


def test_mouse_chooses_ranges_and_deletes_with_undo(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Mouse {apart(number)}") for number in range(8)))
    open_inbox(mailsink, page)
    row(page, "Mouse h").hover()
    row(page, "Mouse h").locator(".choose").click()
    chosen(page, "1 chosen")
    row(page, "Mouse e").get_by_role("link").click(modifiers=["Shift"])
    chosen(page, "4 chosen")
    row(page, "Mouse b").get_by_role("link").click(modifiers=["ControlOrMeta"])
    chosen(page, "5 chosen")
    row(page, "Mouse b").get_by_role("link").click(modifiers=["ControlOrMeta"])
    chosen(page, "4 chosen")
    # Nothing was opened, and an arrival changes nothing about it.
    assert page.url == f"{mailsink.url}/"
    send(mailsink, plain("Arrives"))
    page.locator(".brand").hover()
    expect(row(page, "Arrives")).to_be_visible()
    chosen(page, "4 chosen")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    page.set_viewport_size({"width": 1440, "height": 800})
    page.get_by_role("button", name="Delete those chosen").click()
    expect(row(page, "Mouse h")).to_have_count(0)
    expect(row(page, "Mouse d")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("4 messages moved to the trash")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Mouse h")).to_have_count(1)
    expect(page.locator("#chosen")).to_be_hidden()


def test_keys_choose_and_mark(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(plain(f"Keys {apart(number)}") for number in range(5)))
    open_inbox(mailsink, page)
    expect(row(page, "Keys e").get_by_role("link")).to_be_visible()
    page.keyboard.press("j")
    expect(row(page, "Keys e").get_by_role("link")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("J")
    page.keyboard.press("J")
    chosen(page, "3 chosen")
    page.keyboard.press("e")
    expect(row(page, "Keys e").locator(".dot")).to_be_hidden()
    expect(row(page, "Keys b").locator(".dot")).to_be_attached()
    page.keyboard.press("e")
    expect(row(page, "Keys e")).to_have_class(re.compile("unread"))
    page.keyboard.press("p")
    expect(row(page, "Keys c").get_by_text("pinned")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.type("release-7")
    page.keyboard.press("Enter")
    expect(row(page, "Keys d").locator(".tags")).to_have_text("release-7")
    page.get_by_role("button", name=re.compile("^Choose all")).click()
    with page.expect_download() as download:
        page.keyboard.press("d")
        page.get_by_role("button", name=".zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert any("Keys-a" in name for name in archive.namelist())
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()


def test_a_burst_folds_opens_and_is_chosen_whole(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    send(mailsink, plain("Before the burst"))
    send(mailsink, *(plain(f"Stock of item {number}") for number in range(23)))
    fold = page.get_by_role("button", name=re.compile("23 alike"))
    expect(fold).to_be_visible()
    expect(row(page, "Before the burst")).to_be_in_viewport()
    send(mailsink, plain("Stock of item 99"))
    expect(page.get_by_role("button", name=re.compile("24 alike"))).to_be_visible()
    fold = page.get_by_role("button", name=re.compile("24 alike"))
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(row(page, "Stock of item 99")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("ArrowLeft")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(row(page, "Stock of item 99")).to_have_count(0)
    page.keyboard.press("x")
    chosen(page, "24 chosen")
    page.keyboard.press("#")
    expect(page.locator("#toasts")).to_contain_text("24 messages moved")
    expect(fold).to_have_count(0)


def test_what_was_not_accepted_is_hidden_by_a_key(
    mailsink: Mailsink, page: Page
) -> None:
    mailsink.patch("inboxes/default", paused=True)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mailsink, plain("Refused"), to=["paused@example.com"])
    mailsink.patch("inboxes/default", paused=False)
    open_inbox(mailsink, page)
    refused = page.locator("li.row", has_text="not accepted · 450")
    expect(refused.first).to_be_visible()
    page.keyboard.press("h")
    expect(page.get_by_role("link", name="show it")).to_be_visible()
    expect(refused).to_have_count(0)
    page.goto(mailsink.url)
    expect(page.get_by_role("link", name="show it")).to_be_visible()
    page.get_by_role("link", name="show it").click()
    expect(refused.first).to_be_visible()


def test_touch_and_narrow(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, plain("Touch me"))
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    open_inbox(mailsink, page)
    box = row(page, "Touch me").locator(".choose")
    size = box.bounding_box()
    assert size
    assert size["width"] >= 44
    box.tap()
    chosen(page, "1 chosen")
    row(page, "Touch me").get_by_role("link").tap()
    expect(page.locator("h1", has_text="Touch me")).to_be_visible()
    context.close()


def test_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, plain("Plain form one"), plain("Plain form two"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(mailsink.url)
    row(page, "Plain form one").get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete those chosen").click()
    expect(row(page, "Plain form two")).to_have_count(1)
    expect(row(page, "Plain form one")).to_have_count(0)
    context.close()
