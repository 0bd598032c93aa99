"""Searching in a real browser: help, chips, recent and saved searches."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send, until_live
from tests.mails import plain
from tests.running import Mailsink


def search(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(words)
    with page.expect_navigation(url=lambda url: quote_plus(words) in url):
        page.keyboard.press("Enter")
    until_live(page)


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
    expect(page.locator(".chips .chip")).to_have_text(
        [re.compile("hello"), re.compile("subject: helped")]
    )
    expect(row(page, "Helped")).to_be_visible()
    expect(row(page, "Other")).to_have_count(0)
    page.get_by_role("link", name=re.compile("Without subject: helped")).click()
    expect(row(page, "Other")).to_be_visible()
    until_live(page)
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
    for words in ("first", "second", "first"):
        search(page, words)
    page.goto(f"{mailsink.url}/?q=frm:wrong")
    expect(page.get_by_role("alert")).to_contain_text('Unknown filter "frm:"')
    expect(page.get_by_role("searchbox")).to_have_value("frm:wrong")
    assert_accessible(page)
    page.get_by_role("alert").get_by_role("link", name="Show all").click()
    page.wait_for_url(f"{mailsink.url}/")
    until_live(page)
    page.keyboard.press("/")
    recent = page.locator("[data-recent] a")
    expect(recent).to_have_text(["first", "second"])
    recent.last.click()
    expect(page.locator(".chips .chip")).to_have_text(re.compile("second"))
    until_live(page)
    page.keyboard.press("/")
    expect(recent).to_have_text(["second", "first"])
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[data-recent]")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_wrong_search_keeps_the_list_and_offers_the_right_one(
    mailsink: Mailsink, page: Page, width: int
) -> None:
    send(mailsink, plain("Kept on screen"), plain("Another"))
    page.set_viewport_size({"width": width, "height": 800})
    open_inbox(mailsink, page, "/?q=subject:kept")
    page.keyboard.press("/")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("sicne:yesterday form:shop")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text('Unknown filter "sicne:".')
    expect(row(page, "Kept on screen").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=subject:kept$"))
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)
    box = alert.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.keyboard.type("x")
    expect(alert).to_be_hidden()
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    alert.get_by_role("link", name="after:yesterday from:shop").click()
    expect(field).to_have_value("after:yesterday from:shop")
    expect(row(page, "Kept on screen").first).to_be_visible()
    expect(row(page, "Another").first).to_be_visible()


def test_days_are_those_of_the_browser(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, plain("Just now"))
    now = datetime.now(UTC)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        context = browser.new_context(timezone_id=zone)
        page = context.new_page()
        open_inbox(mailsink, page)
        start = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0)
        for days, found in ((0, 1), (1, 0)):
            day = start + timedelta(days=days)
            search(page, f'subject:"just now" after:{day:%Y-%m-%d}')
            expect(row(page, "Just now")).to_have_count(found)
        for words, found in (("since:today", 1), ("before:today", 0)):
            search(page, f'subject:"just now" {words}')
            expect(row(page, "Just now")).to_have_count(found)
        context.close()


def test_results_are_not_folded_and_are_counted(mailsink: Mailsink, page: Page) -> None:
    for _ in range(3):
        send(mailsink, *[plain("Alike 4711")] * 16)
    open_inbox(mailsink, page)
    search(page, "subject:alike")
    count = page.locator(".results")
    expect(count).to_have_text("48 results")
    expect(page.locator("#entries li[aria-setsize='48']").first).to_be_visible()
    expect(page.locator("#entries .fold:visible")).to_have_count(0)
    send(mailsink, plain("Alike 4711"))
    expect(count).to_have_text("49 results")


@pytest.mark.parametrize(
    "path", ["sessions", "trace", "settings", "trash", "compare?a=latest"]
)
def test_the_search_field_is_on_every_page(
    mailsink: Mailsink, page: Page, path: str
) -> None:
    open_inbox(mailsink, page)
    place = page.locator("[data-search]").bounding_box()
    send(mailsink, plain("Found from afar"))
    page.goto(f"{mailsink.url}/{path}")
    until_live(page)
    assert page.locator("[data-search]").bounding_box() == place
    page.locator("[data-search]").focus()
    page.keyboard.type("frm:x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text('Unknown filter "frm:"')
    assert_accessible(page)
    search(page, "subject:afar")
    expect(row(page, "Found from afar").first).to_be_visible()
    assert "subject%3Aafar" in page.url


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
    # Rows come with the page, the keys with its scripts.
    until_live(page)
    page.keyboard.press("S")
    page.get_by_label("Name").fill("Renamed")
    page.get_by_role("button", name="Rename").click()
    expect(
        page.get_by_role("navigation").get_by_role("link", name="Renamed")
    ).to_be_visible()
    until_live(page)
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
    expect(page.locator(".chips .chip")).to_have_text(re.compile("plain"))
    row(page, "Plain search").first.get_by_role("link").click()
    expect(page).to_have_url(re.compile("q=plain"))
    page.goto(f"{mailsink.url}/?q=plain")
    page.locator("[data-save-search] summary").click()
    page.get_by_role("button", name="Forget this search").click()
    expect(page.locator("[data-saved]")).to_have_count(0)
    context.close()
