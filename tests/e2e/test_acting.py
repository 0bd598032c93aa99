"""Acting on messages in a real browser: what one does next works, too."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.mail import open_inbox, row, send
from tests.e2e.meanwhile import held
from tests.e2e.wire import Wire
from tests.mails import apart, plain, rich
from tests.running import Mailsink


def found(server: Mailsink, word: str, count: int) -> None:
    """Wait until a search finds so many."""
    server.get(f"messages/wait?q=subject:{word}&count={count}&timeout=120")


def test_keys_act_after_a_button_of_the_selection(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Acted {apart(number)}") for number in range(3)))
    found(mailsink, "acted", 3)
    open_inbox(mailsink, page, "/?q=subject:acted")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_title("More actions").click()
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(row(page, "Acted c").get_by_text("pinned")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()
    page.keyboard.press("j")
    expect(row(page, "Acted b").get_by_role("link")).to_be_focused()


def test_all_results_are_meant_though_their_number_is_not_known(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Counted {apart(number)}") for number in range(60)))
    found(mailsink, "counted", 60)
    open_inbox(mailsink, page, "/?q=subject:counted")
    page.get_by_label("Select all").check()
    expect(page.locator("[data-chosen-count]")).to_have_text("All results selected")
    page.get_by_role("button", name="Mark as read").click()
    expect(page.locator("li.unread")).to_have_count(0)
    unread = mailsink.get("messages?q=subject:counted%20is:unread")["items"]
    assert unread == []


def test_failures_stay_in_the_address(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Beside a failure"))
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.begin_message()
        client.send(plain("Fails alone"))
    open_inbox(mailsink, page, "/?show=failed")
    expect(page.get_by_label("Select all")).to_have_count(0)
    row(page, "Fails alone").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Fails alone")
    page.reload()
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(row(page, "Beside a failure")).to_have_count(0)
    page.keyboard.press("u")
    expect(page).to_have_url(f"{mailsink.url}/?show=failed")


def test_a_tab_overtakes_what_was_asked_for_in_the_panel(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, rich("Overtaken", "<p>Hi</p>"))
    open_inbox(mailsink, page)
    row(page, "Overtaken").get_by_role("link").click()
    page.get_by_role("tab", name="Parts").click()
    expect(page.locator("#panel table.parts")).to_be_visible()
    with held(page, "**/messages/*?tab=parts&part=*") as answer:
        page.locator("#panel table.parts th a").first.click()
    page.get_by_role("tab", name="Headers").click()
    answer.let_go(page)
    expect(page.locator("#panel table.headers")).to_be_visible()
    expect(page.locator('#panel[aria-labelledby="tab-headers"]')).to_be_visible()


def test_a_tab_overtakes_the_message_that_is_opened_again(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Clicked twice"))
    open_inbox(mailsink, page)
    row(page, "Clicked twice").get_by_role("link").click()
    title = page.locator("#detail h1")
    expect(title).to_have_text("Clicked twice")
    with held(page, re.compile(r"/messages/[^/?]+$")):
        row(page, "Clicked twice").get_by_role("link").click()
    with page.expect_event("requestfailed"):
        page.get_by_role("tab", name="Headers").click()
    expect(page.locator("#panel table.headers")).to_be_visible()
    expect(page.get_by_role("tab", name="Headers", selected=True)).to_be_visible()


def test_a_view_is_in_the_address_and_keeps_the_focus(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, rich("Viewed", "<p>Hi</p>"))
    open_inbox(mailsink, page)
    row(page, "Viewed").get_by_role("link").click()
    view = page.locator("#viewing").get_by_role("link", name="Text")
    view.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_contain_text("The text of it.")
    expect(view).to_be_focused()
    page.reload()
    expect(page.locator("#panel")).to_contain_text("The text of it.")


def test_settings_say_at_once_that_receiving_is_paused(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/settings")
    banner = page.locator("[data-paused]")
    for paused in (True, False):
        page.get_by_label("Pause").set_checked(paused)
        page.get_by_role("button", name="Save receiving").click()
        expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        expect(banner).to_be_visible(visible=paused)
    # The choices of the browser are there still.
    expect(page.get_by_label("Theme")).to_be_visible()
    page.get_by_label("Theme").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("[data-theme-button]").click()
    expect(page.locator("select[data-choice=theme]")).to_have_value("system")


def test_the_open_message_is_in_sight_in_the_list(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Deep {apart(number)}") for number in range(45)))
    found(mailsink, "deep", 45)
    id = mailsink.get("messages?q=subject:deep&limit=50")["items"][41]["id"]
    page.goto(f"{mailsink.url}/messages/{id}?q=subject:deep")
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(page.locator("#entries a[aria-current]")).to_be_in_viewport()


def test_a_menu_closes_when_something_else_is_clicked(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Menus"))
    open_inbox(mailsink, page)
    more = page.locator("[data-menu=everything]")
    page.get_by_title("More", exact=True).click()
    expect(more).to_have_attribute("open", "")
    page.get_by_role("searchbox").click()
    expect(more).not_to_have_attribute("open", "")
    page.keyboard.press("Escape")  # closes the filters, which hang over the toolbar
    page.get_by_title("More", exact=True).click()
    page.get_by_role("button", name="One-line rows").click()
    expect(more).not_to_have_attribute("open", "")
    expect(page.get_by_title("More", exact=True)).to_be_focused()


def test_the_first_mail_is_not_opened_over_what_one_types(
    start_mailsink, page: Page
) -> None:
    server = start_mailsink()
    open_inbox(server, page)
    page.get_by_role("searchbox").fill("from:")
    send(server, plain("Not opened"))
    expect(row(page, "Not opened")).to_be_visible()
    expect(page.locator("#detail h1")).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_one_line_rows_stay_after_a_reload(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Dense"))
    open_inbox(mailsink, page)
    root = page.locator("html")
    page.get_by_title("More", exact=True).click()
    page.get_by_role("button", name="One-line rows").click()
    open_inbox(mailsink, page)
    row(page, "Dense").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Dense")
    page.get_by_role("link", name="Inbox").first.click()
    expect(root).to_have_attribute("data-density", "compact")
    page.get_by_title("More", exact=True).click()
    page.get_by_role("button", name="Two-line rows").click()
    expect(root).to_have_attribute("data-density", "comfortable")


def test_deleting_by_the_palette_means_the_open_message(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Palette {letter}") for letter in "abc"))
    open_inbox(mailsink, page)
    row(page, "Palette b").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Palette b")
    row(page, "Palette a").get_by_role("checkbox").click()
    row(page, "Palette c").get_by_role("checkbox").click()
    page.keyboard.press("Control+k")
    page.keyboard.type("delete this")
    page.keyboard.press("Enter")
    expect(row(page, "Palette b")).to_have_count(0)
    expect(page.locator("#detail h1")).to_have_count(0)
    expect(page.locator("[data-chosen-count]")).to_have_text("2 selected")
    row(page, "Palette a").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Palette a")
    page.locator("#chosen").get_by_role("button", name="Delete").click()
    expect(row(page, "Palette a")).to_have_count(0)
    expect(row(page, "Palette c")).to_have_count(0)
    expect(page.locator("#detail h1")).to_have_count(0)


def test_the_search_says_what_to_do_and_finds_filters_by_their_words(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    help = page.locator("#search-help")
    page.get_by_role("searchbox").fill("162149")
    expect(help.get_by_text("Press Enter to search.")).to_be_visible()
    page.get_by_role("searchbox").fill("yesterday")
    expect(help.locator("[data-example]:visible").first).to_contain_text("yesterday")


def test_the_list_loads_older_mail_by_itself(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(plain(f"Older {apart(number)}") for number in range(60)))
    open_inbox(mailsink, page)
    expect(page.get_by_role("link", name="Older", exact=True)).to_be_hidden()
