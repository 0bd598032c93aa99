"""The palette of commands, by keyboard and by pointer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.mails import plain
from tests.running import Mailsink


def open_palette(page: Page, keys: str = "Control+k") -> None:
    page.keyboard.press(keys)
    expect(page.locator("#palette").get_by_role("combobox")).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("inb", "/"),
        ("sess", "/sessions"),
        ("trace", "/trace"),
        ("api", "/api/v3/docs"),
        ("delete invoice", "/?q=delete+invoice"),
        ("invoice", "/?q=invoice"),
        ("connect", "/nothing-arriving"),
        ("set", "/settings"),
        ("a+b@example.com", "/trace?address=a%2Bb%40example.com"),
    ],
)
def test_it_leads_everywhere(
    mailsink: Mailsink, page: Page, typed: str, path: str
) -> None:
    page.goto(f"{mailsink.url}/trash")
    open_palette(page)
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{mailsink.url}{path}")


def test_arrows_choose_and_escape_leaves(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/settings")
    field = page.get_by_label("Quota")
    field.focus()
    open_palette(page, "Meta+k")
    chosen = page.locator("#palette").get_by_role("option", selected=True)
    expect(chosen).to_have_text("Inbox")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_text("Keyboard shortcuts")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("Search/")
    id = chosen.get_attribute("id")
    assert id
    expect(page.locator(f"[aria-activedescendant={id}]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(field).to_be_focused()


def test_the_theme_and_the_shortcuts(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/")
    open_palette(page)
    page.keyboard.type("theme dark")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("[data-theme-button]")).to_have_attribute(
        "title", "Theme: dark"
    )
    page.get_by_role("button", name="Commands").click()
    page.get_by_role("option", name="Keyboard shortcuts").click()
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_be_visible()
    for width, words in ((1440, "Acting"), (390, "Moving")):
        page.set_viewport_size({"width": width, "height": 800})
        expect(keys.get_by_role("heading", name=words, exact=True)).to_be_in_viewport()
        assert_accessible(page)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("no such thing", ["Search mail for “no such thing”"]),
        ("ann.keller", ["Search mail for “ann.keller”", "Trace “ann.keller”"]),
        ("a@b.test", ["Trace mail to a@b.test", "Search mail for “a@b.test”"]),
        ("-", ["Search mail for “-”"]),
    ],
)
def test_what_is_no_command_is_searched_for(
    mailsink: Mailsink, page: Page, typed: str, offered: list[str]
) -> None:
    page.goto(f"{mailsink.url}/settings")
    open_palette(page)
    page.keyboard.type(typed)
    options = page.locator("#palette").get_by_role("option")
    expect(options.locator("visible=true")).to_have_text(offered)
    expect(page.locator("#palette [role=status]")).to_have_text("0 commands")
    assert_accessible(page)


def test_it_traces_a_part_of_an_address(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/settings")
    open_palette(page)
    page.keyboard.type("ann.keller")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{mailsink.url}/trace?address=ann.keller")


def test_it_sends_a_test_message(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/sessions")
    open_palette(page)
    page.keyboard.type("test mess")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{mailsink.url}/test-message")
    expect(page.locator("main")).to_contain_text("Sent")


@pytest.mark.parametrize("width", [1440, 390])
def test_palette_is_accessible(mailsink: Mailsink, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{mailsink.url}/")
    open_palette(page)
    assert_accessible(page)
    page.keyboard.type("ann@example.com")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_does_what_the_keys_do_where_there_is_something_to_do(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("For the palette"))
    open_inbox(mailsink, page)
    options = page.locator("#palette").get_by_role("option")
    open_palette(page)
    page.keyboard.type("note")
    expect(options.locator("visible=true")).to_have_text(
        ["Search mail for “note”", "Trace “note”"]
    )
    page.keyboard.press("Escape")
    row(page, "For the palette").get_by_role("link").click()
    expect(page.locator("h1", has_text="For the palette")).to_be_visible()
    open_palette(page)
    page.keyboard.type("note")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    open_palette(page)
    page.keyboard.type("search")
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_the_chosen_tab_is_in_sight_on_a_narrow_screen(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Narrow tabs"))
    page.set_viewport_size({"width": 390, "height": 800})
    open_inbox(mailsink, page)
    row(page, "Narrow tabs").get_by_role("link").click()
    expect(page.locator("h1", has_text="Narrow tabs")).to_be_visible()
    page.goto(f"{page.url}?tab=findings")
    expect(page.get_by_role("tab", name="SMTP")).to_be_in_viewport(ratio=0.99)
