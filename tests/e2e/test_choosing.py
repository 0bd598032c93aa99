"""Choosing messages in a real browser, by mouse, keys and touch; and bursts."""

from __future__ import annotations

import re
import smtplib
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send, until_live
from tests.e2e.meanwhile import held
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
    chosen(page, "1 selected")
    row(page, "Mouse e").get_by_role("link").click(modifiers=["Shift"])
    chosen(page, "4 selected")
    row(page, "Mouse b").get_by_role("link").click(modifiers=["ControlOrMeta"])
    chosen(page, "5 selected")
    row(page, "Mouse b").get_by_role("link").click(modifiers=["ControlOrMeta"])
    chosen(page, "4 selected")
    # Nothing was opened, and an arrival changes nothing about it.
    assert page.url == f"{mailsink.url}/"
    send(mailsink, plain("Arrives"))
    page.locator(".brand").hover()
    expect(row(page, "Arrives")).to_be_visible()
    chosen(page, "4 selected")
    page.get_by_title("More actions").click()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1440, "height": 800})
    for words in ("Mark as read", "Tag", "Delete"):
        expect(page.locator("#chosen .word", has_text=words)).to_be_visible()
    page.get_by_role("button", name="Delete selected").click()
    expect(row(page, "Mouse h")).to_have_count(0)
    expect(row(page, "Mouse d")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("4 messages moved to the trash")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Mouse h")).to_have_count(1)
    expect(page.locator("#chosen")).to_be_hidden()


def test_a_menu_opened_while_an_action_is_on_its_way_stays_open(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Pinned, then tagged"))
    open_inbox(mailsink, page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    chosen(page, "1 selected")
    with held(page, "**/messages/chosen") as answer:
        page.keyboard.press("p")
    page.keyboard.press("t")
    page.keyboard.type("rel")
    answer.let_go(page)
    page.keyboard.type("ease")
    page.keyboard.press("Enter")
    expect(row(page, "Pinned, then tagged").locator(".tags")).to_have_text("release")


@pytest.mark.parametrize("key", ["t", "#"])
def test_a_key_counts_before_the_list_is_read(
    mailsink: Mailsink, page: Page, key: str
) -> None:
    send(mailsink, plain(f"Ticked before {key}"))
    with held(page, re.compile("/entries")) as answer:
        page.goto(mailsink.url)
    ticked = row(page, f"Ticked before {key}")
    ticked.hover()
    ticked.locator(".choose").click()
    page.keyboard.press(key)
    answer.let_go(page)
    if key == "t":
        expect(page.locator("#chosen [name=tag]")).to_be_focused()
    else:
        expect(ticked).to_have_count(0)


def test_the_open_row_is_told_from_the_selected_ones(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Told {apart(number)}") for number in range(3)))
    open_inbox(mailsink, page)
    opened, selected = (row(page, f"Told {each}").get_by_role("link") for each in "cb")
    opened.click()
    row(page, "Told b").get_by_role("checkbox").click()
    expect(row(page, "Told b").get_by_role("checkbox")).to_be_checked()
    expect(opened).to_have_attribute("aria-current", "true")
    page.locator(".brand").hover()
    looks = "a => [getComputedStyle(a).backgroundColor, getComputedStyle(a).boxShadow]"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        colours, bars = zip(
            opened.evaluate(looks), selected.evaluate(looks), strict=True
        )
        assert colours[0] != colours[1]
        assert [bar == "none" for bar in bars] == [False, True]
        assert_accessible(page)


def test_keys_choose_and_mark(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, *(plain(f"Keys {apart(number)}") for number in range(5)))
    open_inbox(mailsink, page)
    expect(row(page, "Keys e").get_by_role("link")).to_be_visible()
    page.keyboard.press("j")
    expect(row(page, "Keys e").get_by_role("link")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("J")
    page.keyboard.press("J")
    chosen(page, "3 selected")
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
    page.get_by_label("Select all").click()
    expect(row(page, "Keys a").get_by_role("checkbox")).to_be_checked()
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
    fold = page.get_by_role("button", name=re.compile("23 similar"))
    expect(fold).to_be_visible()
    expect(row(page, "Before the burst")).to_be_in_viewport()
    send(mailsink, plain("Stock of item 99"))
    expect(page.get_by_role("button", name=re.compile("24 similar"))).to_be_visible()
    fold = page.get_by_role("button", name=re.compile("24 similar"))
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(row(page, "Stock of item 99")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("ArrowLeft")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(row(page, "Stock of item 99")).to_have_count(0)
    page.keyboard.press("x")
    chosen(page, "24 selected")
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
    refused = page.locator("li.row", has_text="Recipient rejected: inbox paused (450)")
    expect(refused.first).to_be_visible()
    page.keyboard.press("h")
    expect(page.get_by_role("link", name="Mail", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    expect(refused).to_have_count(0)
    page.goto(mailsink.url)
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(refused).to_have_count(0)
    page.get_by_role("link", name="All", exact=True).click()
    expect(refused.first).to_be_visible()


def test_failures_have_a_list_of_their_own_and_alike_ones_are_one_row(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Accepted"))
    mailsink.patch("inboxes/default", paused=True)
    for _ in range(3):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(mailsink, plain("Refused"), to=["paused@example.com"])
    mailsink.patch("inboxes/default", paused=False)
    open_inbox(mailsink, page)
    fold = page.get_by_role("button", name=re.compile(r"^\d+ failed")).first
    expect(fold).to_contain_text("Recipient rejected: inbox paused (450)")
    height = fold.bounding_box()
    assert height
    assert height["height"] < 40
    fold.click()
    failures = page.locator("li.row.failed a:visible")
    expect(failures.nth(2)).to_be_visible()
    expect(failures.first).to_contain_text("paused@example.com")
    page.get_by_role("navigation", name="Main").get_by_role(
        "link", name="Failed"
    ).click()
    expect(row(page, "Accepted")).to_have_count(0)
    expect(fold).to_be_visible()
    expect(page.locator("[data-list-count]")).to_have_text(
        re.compile(r"^\d+ failures$")
    )


def test_a_failure_says_from_whom_to_whom_and_why(
    mailsink: Mailsink, page: Page
) -> None:
    mailsink.patch("inboxes/default", paused=True)
    with (
        smtplib.SMTP(*mailsink.smtp) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused),
    ):
        # Of a sender of its own: alike ones are one row.
        client.sendmail("till@shop.test", ["whole@example.com"], plain("Refused"))
    mailsink.patch("inboxes/default", paused=False)
    open_inbox(mailsink, page)
    failure = page.locator("li.row.failed", has_text="whole@example.com")
    expect(failure).to_have_css("height", "56px")
    whole = "node => node.clientWidth > 0 && node.scrollWidth <= node.clientWidth"
    for part in (".from", ".to", ".remark"):
        assert failure.locator(part).evaluate(whole), part
    page.get_by_title("More", exact=True).click()
    page.get_by_role("button", name="One-line rows").click()
    expect(failure).to_have_css("height", "36px")
    assert failure.locator(".to").evaluate("node => node.clientWidth") > 60
    expect(failure).to_contain_text("Recipient rejected: inbox paused (450)")


def test_row_says_to_whom_and_the_code_only_where_it_is_odd(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("For three"), to=["ann@x.test", "bob@x.test", "eve@x.test"])
    open_inbox(mailsink, page)
    found = row(page, "For three")
    expect(found.locator(".to")).to_have_text("ann@x.test")
    expect(found.locator(".more")).to_have_text("+2")
    expect(found).not_to_contain_text("250")
    box = found.bounding_box()
    assert box
    assert box["height"] <= 56


def test_toolbar_does_things_with_all(start_mailsink, page: Page) -> None:
    mailsink = start_mailsink()
    send(mailsink, *(plain(f"Whole {apart(number)}") for number in range(40)))
    open_inbox(mailsink, page)
    words = page.locator(".toolbar .count")
    expect(words).to_contain_text("40 messages")
    expect(words).to_contain_text("40 unread")
    tick = page.get_by_label("Select all")
    before = tick.bounding_box()
    tick.check()
    chosen(page, "40 selected")
    assert tick.bounding_box() == before
    boxes = page.locator("#entries [type=checkbox]")
    assert boxes.count() > 10
    expect(boxes.locator(":scope:not(:checked)")).to_have_count(0)
    tick.uncheck()
    expect(page.locator("#chosen")).to_be_hidden()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("li.unread")).to_have_count(0)
    expect(words).not_to_contain_text("unread")
    page.get_by_title("More", exact=True).click()
    page.get_by_role("button", name="Delete all messages").click()
    expect(page.locator("#entries li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(words).to_contain_text("40 messages")


def test_density_and_width_are_remembered(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Dense"))
    open_inbox(mailsink, page)
    page.get_by_title("More", exact=True).click()
    page.get_by_role("button", name="One-line rows").click()
    expect(row(page, "Dense")).to_have_css("height", "36px")
    divider = page.get_by_role("separator", name="Width of the list")
    divider.focus()
    before = int(divider.get_attribute("aria-valuenow") or 0)
    page.keyboard.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", str(before + 24))
    page.reload()
    expect(row(page, "Dense")).to_have_css("height", "36px")
    expect(divider).to_have_attribute("aria-valuenow", str(before + 24))
    divider.dblclick()
    expect(divider).to_have_attribute("aria-valuenow", str(before))


def test_pause_is_told_on_every_page_with_the_way_out(
    mailsink: Mailsink, page: Page
) -> None:
    mailsink.patch("inboxes/default", paused=True)
    banner = page.locator("[data-paused]")
    for path in ("/", "/sessions", "/settings", "/trash"):
        page.goto(f"{mailsink.url}{path}")
        expect(banner).to_contain_text("Receiving has been paused since")
    banner.get_by_role("button", name="Resume").click()
    until_live(page)
    expect(banner).to_be_hidden()
    send(mailsink, plain("After the pause"))
    expect(row(page, "After the pause")).to_be_visible()


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
    chosen(page, "1 selected")
    row(page, "Touch me").get_by_role("link").tap()
    expect(page.locator("h1", has_text="Touch me")).to_be_visible()
    context.close()


def test_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, plain("Plain form one"), plain("Plain form two"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(mailsink.url)
    row(page, "Plain form one").get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete selected").click()
    expect(row(page, "Plain form two")).to_have_count(1)
    expect(row(page, "Plain form one")).to_have_count(0)
    context.close()
