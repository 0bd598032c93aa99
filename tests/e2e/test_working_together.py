"""Two users of one inbox: each has read their own mail; they comment, and assign it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import row, send, until_live
from tests.e2e.people import PASSWORD, make, set_up, sign_in
from tests.mails import apart, plain
from tests.running import Mailsink


def _invited(page: Page, url: str, browser: Browser) -> Page:
    """Return the page of a colleague, a tester."""
    link = make(page, url, "invitations", inboxes=["default"], role="tester")
    guest = browser.new_context(ignore_https_errors=True).new_page()
    guest.goto(link)
    guest.get_by_label("Name").fill("ann")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Make account").click()
    expect(guest).to_have_url(f"{url}/")
    until_live(guest)
    return guest


def _hold(page: Page) -> None:
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert_accessible(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_two_users_share_the_work(
    start_mailsink: Callable[..., Mailsink],
    tmp_path: Path,
    page: Page,
    browser: Browser,
) -> None:
    server = start_mailsink()
    send(server, plain("Total is wrong"))
    send(server, plain("Other mail"))
    set_up(tmp_path / "data")
    sign_in(page, server.url)
    ann = _invited(page, server.url, browser)
    unread = "[data-count=unread]"
    for each in (page, ann):
        expect(each.locator(unread).first).to_have_text("2")
    # Each has read what they have opened themselves.
    row(ann, "Total is wrong").get_by_role("link").click()
    expect(ann.locator("#message-title")).to_have_text("Total is wrong")
    expect(ann.locator(unread).first).to_have_text("1")
    expect(row(ann, "Total is wrong").get_by_text("unread")).to_be_hidden()
    expect(row(page, "Total is wrong").get_by_text("unread")).to_be_attached()
    expect(page.locator(unread).first).to_have_text("2")

    # By the keyboard: a comment, and whose work it is; the other sees both at once.
    row(page, "Total is wrong").get_by_role("link").click()
    expect(page.locator("#message-title")).to_have_text("Total is wrong")
    ann.keyboard.press("c")
    expect(ann.get_by_role("textbox", name="Comment")).to_be_focused()
    ann.keyboard.type("The <b>sum</b> lacks VAT")
    ann.keyboard.press("Control+Enter")
    said = page.get_by_test_id("comment")
    expect(said.locator(".text")).to_have_text("The <b>sum</b> lacks VAT")
    expect(said.locator("bdi")).to_have_text("ann")
    expect(ann.get_by_test_id("comment")).to_have_count(1)
    ann.locator("#message-title").click()  # keys are keys again
    ann.keyboard.press("A")
    expect(ann.get_by_label("Assign to", exact=True)).to_be_focused()
    ann.get_by_label("Assign to", exact=True).select_option("root")
    ann.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_test_id("message-assignee").locator("bdi")).to_have_text("root")
    expect(row(page, "Total is wrong").get_by_test_id("row-assignee")).to_have_text(
        "root"
    )
    # What is being written stays while the other one acts.
    page.locator("#comment-summary").click()
    page.get_by_role("textbox", name="Comment").fill("Not yet sent")
    page.locator("#assign-summary").click()
    choice = page.get_by_label("Assign to", exact=True)
    choice.select_option("ann")
    ann.get_by_role("button", name="Remove this comment").click()
    expect(said).to_have_count(0)
    expect(choice).to_have_value("ann")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Not yet sent")
    page.get_by_role("button", name="Add comment").click()
    expect(ann.get_by_test_id("comment").locator("bdi")).to_have_text("root")
    expect(ann.get_by_role("button", name="Remove this comment")).to_have_count(0)
    _hold(ann)
    page.locator("#assign-summary").click()
    _hold(page)

    page.goto(f"{server.url}/?q=assignee:me")
    expect(page.get_by_test_id("message-row")).to_have_count(1)
    # All is read at once, for one of them.
    page.goto(server.url)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(unread).first).to_have_text("")
    expect(ann.locator(unread).first).to_have_text("1")
    ann.context.close()


def test_the_selected_are_assigned_at_once_and_given_back(
    start_mailsink: Callable[..., Mailsink],
    tmp_path: Path,
    page: Page,
    browser: Browser,
) -> None:
    server = start_mailsink()
    send(server, *(plain(f"Work {apart(number)}") for number in range(3)))
    set_up(tmp_path / "data")
    sign_in(page, server.url)
    ann = _invited(page, server.url, browser)
    page.goto(server.url)  # its menu knows the new user

    def assigned(page: Page, *names: str) -> None:
        """The assignees of all messages, the newest first."""
        expect(page.get_by_test_id("row-assignee")).to_have_text(list(names))

    def choose(name: str) -> None:
        page.keyboard.press("A")
        expect(page.get_by_label("Assign selected to")).to_be_focused()
        expect(page.get_by_label("Assign selected to")).to_have_value("root")  # oneself
        page.get_by_label("Assign selected to").select_option(name)
        page.get_by_role("button", name="Assign", exact=True).click()

    assigned(ann, "", "", "")
    row(page, "Work b").hover()
    row(page, "Work b").locator(".choose").click()
    choose("ann")
    assigned(ann, "", "ann", "")
    expect(page.locator("#toasts")).to_contain_text("1 message assigned to ann")
    page.get_by_label("Select all").click()
    page.keyboard.press("A")
    _hold(page)
    page.get_by_label("Assign selected to").select_option("root")
    page.get_by_role("button", name="Assign", exact=True).click()
    assigned(ann, "root", "root", "root")
    expect(page.locator("#toasts")).to_contain_text("3 messages assigned to root")
    page.get_by_role("button", name="Undo").click()
    for each in (ann, page):
        assigned(each, "", "ann", "")
    # Also by the palette, which has it where something is selected.
    page.keyboard.press("Control+k")
    page.keyboard.type("assign")
    page.keyboard.press("Enter")
    page.get_by_label("Assign selected to").select_option("")
    page.get_by_role("button", name="Assign", exact=True).click()
    assigned(ann, "", "", "")
    expect(page.locator("#toasts")).to_contain_text("3 messages assigned to nobody")
    ann.context.close()
