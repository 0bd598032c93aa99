"""What people put on messages, the trash, Mine, counts and notifications: in real browsers."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send, until_live
from tests.mails import apart, plain
from tests.running import Mailsink


def test_status_tags_and_note_by_keys_and_seen_by_others(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Looked at"))
    open_inbox(mailsink, page)
    row(page, "Looked at").get_by_role("link").click()
    expect(page.locator("h1", has_text="Looked at")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    until_live(other)
    bug = page.get_by_role("button", name="Bug")
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="OK")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("s")
    expect(bug).to_have_attribute("aria-pressed", "true")
    expect(row(page, "Looked at").get_by_text("found a bug")).to_be_attached()
    page.keyboard.press("t")
    page.keyboard.type("release 4")
    page.keyboard.press("Enter")
    expect(page.locator("#marks .chip")).to_have_text(re.compile("release 4"))
    expect(row(page, "Looked at").locator(".tags")).to_have_text("release 4")
    expect(page.locator("#add-tag")).to_have_value("")  # by the answer
    page.locator("#message-title").click()  # keys are keys again
    page.keyboard.press("a")
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    page.keyboard.type("The total <b>is</b> wrong")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("#marks .noted")).to_have_text("The total <b>is</b> wrong")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    # Somebody who has the same message open sees it without a click.
    expect(other.locator("#marks .noted")).to_have_text("The total <b>is</b> wrong")
    expect(other.get_by_role("button", name="Bug")).to_have_attribute(
        "aria-pressed", "true"
    )
    other.get_by_role("button", name="Remove the tag release 4").click()
    expect(page.locator("#marks .chip")).to_have_count(0)
    # And what is being written is not taken away by it.
    page.set_viewport_size({"width": 1440, "height": 800})
    page.locator("#note-summary").click()
    page.get_by_role("textbox", name="Note").fill("Not yet kept")
    other.get_by_role("button", name="New").click()
    expect(row(page, "Looked at").get_by_text("found a bug")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Not yet kept")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_field_of_tags_keeps_the_focus_for_the_next(
    mailsink: Mailsink, page: Page, width: int
) -> None:
    send(mailsink, plain("Tagged twice"))
    page.set_viewport_size({"width": width, "height": 800})
    open_inbox(mailsink, page)
    row(page, "Tagged twice").first.get_by_role("link").click()
    expect(page.locator("h1", has_text="Tagged twice")).to_be_visible()
    page.keyboard.press("t")
    for number, tag in enumerate(("first", "second"), 1):
        page.keyboard.type(tag)
        page.keyboard.press("Enter")
        expect(page.locator("#marks .chip")).to_have_count(number)
        # The feed may show the tag before the answer comes, which empties the field.
        expect(page.locator("#add-tag")).to_have_value("")
        expect(page.locator("#add-tag")).to_be_focused()
    page.locator("#tab-source").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tabpanel", name="Source")).to_be_visible()
    expect(page.locator("#tab-source")).to_be_focused()


def test_the_trash_is_live_and_gives_back(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(plain(f"Thrown {apart(number)}") for number in range(4)))
    open_inbox(mailsink, page)
    trash = page.context.new_page()
    trash.goto(f"{mailsink.url}/trash?q=thrown")
    until_live(trash)
    expect(trash.locator("#trash")).to_contain_text("Nothing in the trash matches")
    for letter in "abc":
        row(page, f"Thrown {letter}").hover()
        row(page, f"Thrown {letter}").locator(".choose").click()
    expect(page.locator("[data-chosen-count]")).to_have_text("3 selected")
    page.keyboard.press("#")
    rows = trash.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("by 127.0.0.1")
    expect(rows.first).to_contain_text("24 hours left")
    for width in (1440, 390):
        trash.set_viewport_size({"width": width, "height": 800})
        assert_accessible(trash)
    trash.set_viewport_size({"width": 1440, "height": 800})
    restore = trash.get_by_role("button", name="Restore selected")
    expect(restore).to_be_disabled()
    trash.get_by_label("Select: Thrown a").check()
    trash.get_by_label("Select: Thrown b").check()
    restore.click()
    expect(rows).to_have_count(1)
    expect(trash.get_by_role("searchbox", name="Search the trash")).to_have_value(
        "thrown"
    )
    page.locator(".brand").hover()
    expect(row(page, "Thrown a")).to_be_visible()
    expect(row(page, "Thrown c")).to_have_count(0)
    trash.goto(f"{mailsink.url}/trash?q=thrown")
    until_live(trash)
    trash.locator("summary", has_text="Empty the trash").click()
    assert_accessible(trash)
    trash.get_by_role("button", name="Remove permanently").click()
    trash.wait_for_url(f"{mailsink.url}/trash")
    trash.goto(f"{mailsink.url}/trash?q=thrown")
    expect(trash.locator("#trash")).to_contain_text("Nothing in the trash matches")


def test_mine_in_list_counts_title_and_icon(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    page.get_by_label("My addresses").fill("*+mine@*")
    assert_accessible(page)
    page.locator("#browser").get_by_role("button", name="Save").click()
    mine = page.get_by_role("navigation").get_by_role("link", name="Mine")
    expect(mine).to_be_visible()
    expect(page).to_have_title("Settings · Mailsink")
    send(mailsink, plain("For me"), to=["shop+mine@example.com"])
    send(mailsink, plain("For others"), to=["shop+other@example.com"])
    expect(mine.locator(".count")).to_have_text("1")
    expect(page).to_have_title("(1) Settings · Mailsink")
    assert ">1<" in page.evaluate(
        "decodeURIComponent(document.querySelector('link[rel=icon]').href)"
    )
    mine.click()
    expect(row(page, "For me")).to_be_visible()
    expect(row(page, "For others")).to_have_count(0)
    send(mailsink, plain("Again for me"), to=["SHOP+MINE@EXAMPLE.COM"])
    expect(page).to_have_title("(2) Inbox · Mailsink")
    expect(row(page, "Again for me")).to_be_visible()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    page.set_viewport_size({"width": 1440, "height": 800})
    row(page, "For me").last.get_by_role("link").click()
    expect(page).to_have_title("(1) For me · Mailsink")
    page.goto(f"{mailsink.url}/settings")
    page.get_by_label("My addresses").fill("nobody")
    page.locator("#browser").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "nobody is not an address pattern"
    )
    page.get_by_label("My addresses").fill("")
    page.locator("#browser").get_by_role("button", name="Save").click()
    expect(mine).to_have_count(0)


NOTED = """
window.told = [];
document.hasFocus = () => false;
window.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, options) {
    window.told.push([performance.now(), title, options.body]);
    document.documentElement.dataset.told = window.told.map(each => each[2]).join();
  }
  close() {}
};
"""
HELD = """async () => {
  while (!(await navigator.locks.query()).held.length) {
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


def test_notifications_are_few_from_one_tab_and_of_mine(
    mailsink: Mailsink, browser: Browser
) -> None:
    context = browser.new_context()
    context.add_init_script(NOTED)
    page = context.new_page()
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    page.get_by_label("My addresses").fill("*+note@*")
    page.locator("#browser").get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    tick = page.get_by_label("Desktop notifications")
    with page.expect_navigation():
        tick.click()
    until_live(page)
    expect(tick).to_be_checked()
    second = context.new_page()
    second.goto(mailsink.url)
    until_live(second)
    send(mailsink, plain("Not mine"))
    send(mailsink, plain("Noted first"), to=["a+note@example.com"])
    html = page.locator("html")
    expect(html).to_have_attribute("data-told", "Noted first")
    for number in range(5):
        send(mailsink, plain(f"More {apart(number)}"), to=["a+note@example.com"])
    expect(html).to_have_attribute("data-told", re.compile("More e"))
    told = page.evaluate("window.told")
    assert told[0][1:] == ["Shop", "Noted first"]
    assert all(
        later[0] - earlier[0] > 1900 for earlier, later in itertools.pairwise(told)
    )
    assert second.evaluate("window.told.length") == 0
    # The tab that told them is gone: the other one takes it over.
    page.close()
    second.evaluate(HELD)
    send(mailsink, plain("Told by the other"), to=["a+note@example.com"])
    expect(second.locator("html")).to_have_attribute(
        "data-told", re.compile("Told by the other")
    )
    context.close()


def test_choices_of_this_browser(mailsink: Mailsink, browser: Browser) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(f"{mailsink.url}/settings")
    zone = page.get_by_label("Time zone")
    expect(zone.locator("option").first).to_have_text("Browser (Asia/Tokyo)")
    with page.expect_navigation():
        zone.select_option("America/New_York")
    expect(zone).to_have_value("America/New_York")
    send(mailsink, plain("Zoned"))
    open_inbox(mailsink, page)
    shown = row(page, "Zoned").first.locator("a time")
    moment = shown.get_attribute("datetime")
    expected = page.evaluate(
        "at => new Date(at).toLocaleTimeString('en-GB', { timeZone: 'America/New_York' })",
        moment,
    )
    expect(shown).to_have_text(expected)
    page.goto(f"{mailsink.url}/settings")
    with page.expect_navigation():
        page.get_by_label("Times in lists").select_option("ago")
    page.get_by_label("Single-key shortcuts", exact=True).uncheck()
    page.get_by_label("Theme").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    send(mailsink, plain("Zoned"))  # anew: it says how many seconds ago for a minute
    open_inbox(mailsink, page)
    expect(shown).to_have_text(re.compile(r"^\d+ s ago$"))
    before = shown.text_content() or ""
    expect(shown).not_to_have_text(before)  # it goes on
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_without_javascript(mailsink: Mailsink, browser: Browser, width: int) -> None:
    subject = f"Bare {width}".replace("1440", "wide").replace("390", "slim")
    send(mailsink, plain(subject), to=["bare+me@example.com"])
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.goto(f"{mailsink.url}/settings")
    page.get_by_label("My addresses").fill("bare+me@*")
    page.locator("#browser").get_by_role("button", name="Save").click()
    page.get_by_role("navigation").get_by_role("link", name="Mine").click()
    row(page, subject).get_by_role("link").click()
    page.get_by_role("button", name="Bug").click()
    expect(page.get_by_role("button", name="Bug")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator("#note-summary").click()
    page.get_by_role("textbox", name="Note").fill("By hand")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("#marks .noted")).to_have_text("By hand")
    page.locator("#tag-summary").click()
    page.get_by_label("Add a tag").fill("tagged")
    page.get_by_label("Add a tag").press("Enter")
    page.get_by_role("button", name="Remove the tag tagged").click()
    expect(page.locator("#marks .chip")).to_have_count(0)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("searchbox", name="Search the trash").fill(f'"{subject}"')
    page.keyboard.press("Enter")
    page.get_by_label(f"Select: {subject}").check()
    page.get_by_role("button", name="Restore selected").click()
    page.goto(f"{mailsink.url}/?q=has:note")
    expect(row(page, subject)).to_have_count(1)
    context.close()
