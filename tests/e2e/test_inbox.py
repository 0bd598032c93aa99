"""The inbox in a real browser: mail arrives, is read, deleted and brought back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.e2e.mail import ROW, open_inbox, row, send, swaks, until_live
from tests.e2e.wire import Wire
from tests.mails import apart, plain, rich
from tests.private import free_port
from tests.running import Mailsink


def test_message_of_swaks_is_there_without_a_reload(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    page.evaluate("window.same = true")
    swaks(mailsink, "Hello from swaks")
    expect(row(page, "Hello from swaks")).to_contain_text("ann@example.com")
    row(page, "Hello from swaks").get_by_role("link").click()
    expect(page.locator("h1", has_text="Hello from swaks")).to_be_visible()
    page.get_by_role("tab", name="SMTP").click()
    for words in ("MAIL FROM:<shop@shop.test>", "DATA", "354", "250 2.0.0", "bytes"):
        expect(page.locator("table.transcript")).to_contain_text(words)
    assert page.evaluate("window.same")
    expect(page.locator("[data-last-connection]")).to_have_text(
        re.compile(r"Last connection \d+ s ago from 127\.0\.0\.1")
    )


def test_burst_is_shown_whole_with_few_rows_in_the_document(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    send(mailsink, *(plain(f"Burst {apart(number)}") for number in range(400)))
    first = page.locator("#entries > li").first
    expect(first).to_contain_text("Burst djj")
    assert int(first.get_attribute("aria-setsize") or 0) >= 400
    assert page.locator("#entries > li").count() < 60
    page.locator("#scroller").evaluate(f"node => node.scrollTop = 200 * {ROW}")
    expect(row(page, "Burst bjj")).to_be_in_viewport()
    assert page.locator("#entries > li").count() < 60


def test_rows_do_not_move_under_the_pointer(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(plain(f"Still {apart(number)}") for number in range(30)))
    open_inbox(mailsink, page)
    top = page.locator("#entries > li").first
    expect(top).to_contain_text("Still cj")
    top.hover()
    send(mailsink, *(plain(f"Waiting {number}") for number in range(14)))
    bar = page.get_by_role("button", name="14 new messages")
    expect(bar).to_be_visible()
    expect(top).to_contain_text("Still cj")
    bar.click()
    expect(top).to_contain_text("Waiting 13")
    expect(bar).to_be_hidden()


def test_arrivals_enter_when_the_pointer_leaves(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Under the pointer"))
    open_inbox(mailsink, page)
    top = page.locator("#entries > li").first
    top.hover()
    send(mailsink, plain("Comes later"))
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    page.locator(".brand").hover()
    expect(top).to_contain_text("Comes later")


def test_scrolled_list_stays_where_it_is(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(plain(f"Row {apart(number)}") for number in range(60)))
    open_inbox(mailsink, page)
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    page.locator("#scroller").evaluate(f"node => node.scrollTop = 20 * {ROW}")
    expect(row(page, "Row dj")).to_be_in_viewport()
    box = row(page, "Row dj").bounding_box()
    send(mailsink, plain("On top"))
    bar = page.get_by_role("button", name="1 new message")
    expect(bar).to_be_visible()
    assert row(page, "On top").count() == 0
    # The bar itself takes its own height from the list, and no more.
    after = row(page, "Row dj").bounding_box()
    height = bar.bounding_box()
    assert box
    assert after
    assert height
    assert abs(after["y"] - box["y"] - height["height"]) < 2


def test_list_scrolled_before_it_was_read_keeps_its_place(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Early {apart(number)}") for number in range(60)))
    held: list[Route] | None = []

    def hold(route: Route) -> None:
        route.continue_() if held is None else held.append(route)

    page.route("**/entries?*", hold)
    page.goto(mailsink.url)
    until_live(page)
    page.locator("#scroller").evaluate(f"node => node.scrollTop = 20 * {ROW}")
    page.keyboard.press("j")
    expect(row(page, "Early dj")).to_be_in_viewport()
    assert held
    waiting, held = held, None
    for route in waiting:
        route.continue_()
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(row(page, "Early fj").get_by_role("link")).to_be_focused()


def test_a_row_that_is_pressed_while_the_list_is_read_opens(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Pressed early"))
    held: list[Route] = []
    entries = re.compile(r"/entries\?")
    page.route(entries, lambda route: held.append(route), times=1)
    with page.expect_request(entries):
        page.goto(mailsink.url)
    row(page, "Pressed early").get_by_role("link").hover()
    page.mouse.down()
    with page.expect_response(entries) as answered:
        held[0].continue_()
    answered.value.finished()
    # Two frames: what the answer changes would be painted by now.
    for _ in range(2):
        page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    page.mouse.up()
    expect(page.locator("#detail h1")).to_have_text("Pressed early")


def test_the_cursor_goes_on_where_its_row_was_deleted_by_others(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Cursor {apart(number)}") for number in range(5)))
    open_inbox(mailsink, page, "/?q=subject:cursor")
    for _ in range(3):
        page.keyboard.press("j")
    expect(row(page, "Cursor c").get_by_role("link")).to_be_focused()
    gone = mailsink.get("messages?q=subject:cursor")["items"][2]["id"]
    mailsink.delete(f"messages/{gone}")
    expect(row(page, "Cursor c")).to_have_count(0)
    page.keyboard.press("j")
    expect(row(page, "Cursor a").get_by_role("link")).to_be_focused()


def test_opening_marks_as_read_and_can_be_undone(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    send(mailsink, plain("Read me"))
    unread = row(page, "Read me").get_by_text("unread")
    expect(unread).to_be_attached()
    row(page, "Read me").get_by_role("link").click()
    expect(row(page, "Read me").locator(".dot")).to_be_hidden()
    page.locator("#more-summary").click()
    page.get_by_role("button", name="Mark unread").click()
    expect(row(page, "Read me").locator(".dot")).to_be_visible()
    page.get_by_role("button", name="Pin").click()
    expect(page.get_by_role("button", name="Unpin")).to_be_visible()
    expect(row(page, "Read me").get_by_text("pinned")).to_be_visible()


def test_deleted_message_comes_back_by_undo(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    send(mailsink, plain("Delete me"))
    row(page, "Delete me").get_by_role("link").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(row(page, "Delete me")).to_have_count(0)
    expect(page).to_have_url(f"{mailsink.url}/")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Delete me")).to_have_count(1)


def test_trash_restores(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Thrown away"))
    open_inbox(mailsink, page)
    row(page, "Thrown away").get_by_role("link").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(row(page, "Thrown away")).to_have_count(0)
    page.get_by_role("link", name="Trash").click()
    line = page.get_by_role("row", name="Thrown away")
    line.get_by_role("button", name="Restore").click()
    expect(page.locator("article h1")).to_have_text("Thrown away")


def test_keys_move_open_and_leave(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(rich(f"Key {number}", "<p>Hi</p>") for number in range(3)))
    open_inbox(mailsink, page)
    expect(row(page, "Key 2")).to_be_visible()
    page.keyboard.press("j")
    expect(row(page, "Key 2").get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("article h1")).to_have_text("Key 1")
    expect(page.get_by_role("tab", name="Preview")).to_have_attribute(
        "aria-selected", "true"
    )
    page.keyboard.press("2")
    expect(page.locator("#panel .lines")).to_contain_text("The text of it.")
    expect(page).to_have_url(re.compile(r"\?tab=source$"))
    page.keyboard.press("k")
    expect(page.locator("article h1")).to_have_text("Key 2")
    page.keyboard.press("u")
    expect(page.locator("article")).to_have_count(0)
    expect(row(page, "Key 2").get_by_role("link")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("j#")
    expect(page.get_by_role("searchbox")).to_have_value("j#")
    expect(row(page, "Key 2")).to_have_count(1)


def test_shortcuts_can_be_switched_off(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_tabs_follow_the_arrows(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, rich("Tabs", "<p>Hi</p>"))
    open_inbox(mailsink, page)
    row(page, "Tabs").get_by_role("link").click()
    page.get_by_role("tab", name="Preview").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Source")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#panel pre")).to_contain_text("<p>")
    page.keyboard.press("Home")
    expect(page.get_by_role("tab", name="Preview")).to_be_focused()


def test_back_and_forward_go_through_what_was_open(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("History 1"), plain("History 2"))
    open_inbox(mailsink, page)
    heading = page.locator("article h1")
    for number in (1, 2):
        row(page, f"History {number}").get_by_role("link").click()
        expect(heading).to_have_text(f"History {number}")
    page.go_back()
    expect(heading).to_have_text("History 1")
    page.go_back()
    expect(heading).to_have_count(0)
    page.go_forward()
    expect(heading).to_have_text("History 1")
    page.reload()
    expect(heading).to_have_text("History 1")


def test_search_keeps_to_what_matches(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Needle 1"), plain("Hay 1"))
    open_inbox(mailsink, page)
    page.keyboard.press("/")
    page.keyboard.type("subject:needle")
    page.keyboard.press("Enter")
    expect(row(page, "Needle 1")).to_have_count(1)
    expect(row(page, "Hay 1")).to_have_count(0)
    until_live(page)
    send(mailsink, plain("Hay 2"), plain("Needle 2"))
    expect(row(page, "Needle 2")).to_have_count(1)
    expect(row(page, "Hay 2")).to_have_count(0)


def test_cut_off_message_opens_with_what_came(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.begin_message()
        client.send(plain("Never ends", "and then\r\n"))
    found = row(page, "Never ends")
    expect(found).to_contain_text("Disconnected mid-message")
    found.get_by_role("link").click()
    banner = page.locator("#detail .banner.error")
    expect(banner).to_contain_text("Disconnected mid-message")
    expect(banner).to_contain_text("then send the message again")
    people = page.locator("#detail .people")
    expect(people).to_contain_text("ann@example.com")
    expect(people).not_to_contain_text("Bcc")
    expect(page.locator("#panel")).to_contain_text("and then")


def test_partly_refused_message_says_who_did_not_get_it(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.say("MAIL FROM:<bounce@shop.test>")
        client.say("RCPT TO:<ann@example.com>")
        client.say("RCPT TO:<hidden@example.com>")
        refusal = client.say("RCPT TO:<@>")
        client.say("DATA")
        client.send(plain("Partly") + b"\r\n.\r\n")
        client.reply()
    assert refusal[0] == "5"
    row(page, "Partly").get_by_role("link").click()
    facts = page.locator(".fact")
    expect(facts.filter(has_text="Return-Path")).to_contain_text("bounce@shop.test")
    expect(facts.filter(has_text="Bcc")).to_contain_text("hidden@example.com")


def test_narrow_screen_shows_one_pane(mailsink: Mailsink, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    send(mailsink, plain("Narrow"))
    open_inbox(mailsink, page)
    row(page, "Narrow").get_by_role("link").click()
    heading = page.locator("article h1")
    expect(heading).to_be_focused()
    expect(page.locator("#scroller")).to_be_hidden()
    page.locator("a.back").click()
    expect(page.locator("#scroller")).to_be_visible()
    expect(heading).to_have_count(0)


def test_theme_is_kept(mailsink: Mailsink, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    open_inbox(mailsink, page)
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()


def test_lost_server_is_told_and_found_again(start_mailsink, page: Page) -> None:
    at = ("--smtp", "127.0.0.1:0", "--http", f"127.0.0.1:{free_port()}")
    server = start_mailsink(*at)
    open_inbox(server, page)
    server.stop()
    notice = page.locator("#reconnecting")
    expect(notice).to_have_text(
        re.compile(r"Reconnecting… showing mail up to \d\d:\d\d:\d\d")
    )
    again = start_mailsink(*at)
    send(again, plain("While away"))
    expect(notice).to_be_hidden()
    expect(row(page, "While away")).to_have_count(1)


def test_works_without_scripts(mailsink: Mailsink, browser) -> None:
    send(mailsink, rich("Plain old web", "<p>Hi</p>"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(mailsink.url)
    page.get_by_role("link", name="Plain old web").click()
    page.locator("#viewing").get_by_role("link", name="Text").click()
    expect(page.locator("#panel")).to_contain_text("The text of it.")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("row", name="Plain old web").get_by_role("button").click()
    expect(page.locator("article h1")).to_have_text("Plain old web")
    context.close()
