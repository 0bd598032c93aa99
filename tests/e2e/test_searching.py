"""Searching in a real browser: help, chips, recent and saved searches."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.mails import plain
from tests.running import Mailsink


def search(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(words)
    with page.expect_navigation(url=lambda url: quote_plus(words) in url):
        page.keyboard.press("Enter")
    expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")


def test_help_completes_what_is_typed(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Helped"), plain("Other"))
    open_inbox(mailsink, page)
    page.keyboard.press("/")
    panel = page.locator("#search-help")
    expect(panel).to_be_visible()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
        box = panel.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.keyboard.type("hello sub")
    expect(panel.get_by_role("button").first).to_contain_text("subject:welcome")
    expect(panel.locator("[data-example]:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    field = page.get_by_role("searchbox")
    expect(field).to_have_value("hello subject:welcome")
    # The value of the example is chosen: what is typed takes its place.
    page.keyboard.type("helped")
    expect(field).to_have_value("hello subject:helped")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_text(
        [re.compile("hello"), re.compile("subject: helped")]
    )
    expect(row(page, "Helped")).to_be_visible()
    expect(row(page, "Other")).to_have_count(0)
    page.get_by_role("link", name=re.compile("Without subject: helped")).click()
    expect(row(page, "Other")).to_be_visible()
    page.keyboard.press("/")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_url_is_the_state(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Stays in the URL"), plain("Other"))
    open_inbox(mailsink, page)
    search(page, "subject:stays")
    row(page, "Stays").get_by_role("link").click()
    expect(page.locator("h1", has_text="Stays in the URL")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/messages/[-0-9a-f]+\?q=subject%3Astays"))
    page.get_by_role("tab", name="Headers").click()
    expect(page).to_have_url(re.compile(r"q=subject%3Astays"))
    page.reload()
    expect(page.get_by_role("tab", name="Headers")).to_have_attribute(
        "aria-selected", "true"
    )
    expect(row(page, "Other")).to_have_count(0)
    # What arrives and does not match stays out; what matches comes in.
    page.locator(".brand").hover()
    send(mailsink, plain("No match"), plain("It stays too"))
    expect(row(page, "It stays too")).to_be_visible()
    expect(row(page, "No match")).to_have_count(0)


def test_recent_searches_are_offered_and_can_be_forgotten(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    for words in ("first", "second", "first", "frm:wrong"):
        search(page, words)
    expect(page.get_by_role("alert")).to_contain_text('there is no field "frm:"')
    expect(page.get_by_role("searchbox")).to_have_value("frm:wrong")
    assert_accessible(page)
    page.get_by_role("alert").get_by_role("link", name="Show all").click()
    page.wait_for_url(f"{mailsink.url}/")
    expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")
    page.keyboard.press("/")
    recent = page.locator("[data-recent] a")
    expect(recent).to_have_text(["first", "second"])
    recent.last.click()
    expect(page.locator(".chip")).to_have_text(re.compile("second"))
    expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")
    page.keyboard.press("/")
    expect(recent).to_have_text(["second", "first"])
    page.get_by_role("button", name="Forget them").click()
    expect(page.locator("[data-recent]")).to_be_hidden()


def test_a_search_is_saved_and_counts_live(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    search(page, "subject:saved")
    page.keyboard.press("S")
    expect(page.get_by_label("Name")).to_be_focused()
    assert_accessible(page)
    page.keyboard.type("Kept")
    page.keyboard.press("Enter")
    saved = page.get_by_role("navigation").get_by_role("link", name="Kept")
    expect(saved).to_have_attribute("aria-current", "page")
    expect(saved.locator(".count")).to_have_text("0")
    send(mailsink, plain("Saved and counted"))
    expect(saved.locator(".count")).to_have_text("1")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    page.set_viewport_size({"width": 1440, "height": 800})
    page.goto(f"{mailsink.url}/settings")
    expect(saved.locator(".count")).to_have_text("1")
    saved.click()
    expect(row(page, "Saved and counted")).to_be_visible()
    page.keyboard.press("S")
    page.get_by_label("Name").fill("Renamed")
    page.get_by_role("button", name="Rename").click()
    page.keyboard.press("S")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Name")).to_be_hidden()
    page.keyboard.press("S")
    page.get_by_role("button", name="Forget this search").click()
    page.wait_for_url(f"{mailsink.url}/")
    expect(page.locator("[data-saved]")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_without_javascript(mailsink: Mailsink, browser: Browser, width: int) -> None:
    send(mailsink, plain(f"Plain search {'wide' if width > 500 else 'slim'}"))
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.goto(mailsink.url)
    page.get_by_role("searchbox").fill("plain")
    page.keyboard.press("Enter")
    expect(row(page, "Plain search").first).to_be_visible()
    page.locator("[data-save-search] summary").click()
    page.get_by_label("Name").fill("Plain")
    page.get_by_role("button", name="Save the search").click()
    page.get_by_role("navigation").get_by_role("link", name="Plain").click()
    expect(page.locator(".chip")).to_have_text(re.compile("plain"))
    row(page, "Plain search").first.get_by_role("link").click()
    expect(page).to_have_url(re.compile("q=plain"))
    page.goto(f"{mailsink.url}/?q=plain")
    page.locator("[data-save-search] summary").click()
    page.get_by_role("button", name="Forget this search").click()
    expect(page.locator("[data-saved]")).to_have_count(0)
    context.close()
