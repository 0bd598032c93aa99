"""Two messages side by side, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send, until_live
from tests.mails import rich
from tests.running import Mailsink


def invoices(server: Mailsink, name: str) -> None:
    send(
        server,
        rich(f"{name} 1", "<h1>Invoice</h1><p>The total is <b>58.10</b> now.</p>"),
        rich(f"{name} 2", "<h1>Invoice</h1><p>The total is <b>64.80</b> now.</p>"),
    )


def test_two_that_are_chosen(mailsink: Mailsink, page: Page) -> None:
    invoices(mailsink, "Chosen")
    open_inbox(mailsink, page)
    for number in (2, 1):
        row(page, f"Chosen {number}").hover()
        row(page, f"Chosen {number}").locator(".choose").click()
    expect(page.locator("[data-chosen-count]")).to_have_text("2 selected")
    page.keyboard.press("C")
    sides = page.locator(".compared section")
    expect(sides).to_contain_text(["Chosen 1", "Chosen 2"])
    page.get_by_role("link", name=re.compile("HTML source")).click()
    expect(page.locator("del")).to_have_text(["58.10"])
    expect(page.locator("ins")).to_have_text(["64.80"])
    until_live(page)
    page.keyboard.press("n")
    expect(page.locator("tr.changed")).to_be_focused()
    page.get_by_role("link", name="Swap").click()
    expect(page.locator("del")).to_have_text(["64.80"])
    until_live(page)
    page.keyboard.press("4")
    expect(page.get_by_role("link", name="Rendered")).to_have_attribute(
        "aria-current", "page"
    )
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_text("The total is 64.80 now.")).to_be_visible()


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
def test_with_the_one_before(mailsink: Mailsink, page: Page, width: int) -> None:
    name = "Before" if width > 500 else "Narrow"
    invoices(mailsink, name)
    page.set_viewport_size({"width": width, "height": 800})
    open_inbox(mailsink, page)
    row(page, f"{name} 2").get_by_role("link").click()
    expect(page.locator("h1", has_text=f"{name} 2")).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    for tab in ("Headers", "Text", "HTML source", "Rendered", "Envelope", "Transcript"):
        page.get_by_role("navigation", name="What is compared").get_by_role(
            "link", name=re.compile(f"^{tab}")
        ).click()
        expect(page.locator("nav.tabs [aria-current]")).to_have_text(re.compile(tab))
        assert_accessible(page)
        scrolled = page.evaluate(
            "document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth"
        )
        assert scrolled == 0
    page.get_by_role("link", name="Choose another").click()
    expect(page.get_by_role("heading", name=re.compile("Compare “"))).to_be_visible()
    assert_accessible(page)
    page.get_by_role("searchbox", name="Search for the other").fill(f"subject:{name}")
    page.keyboard.press("Enter")
    expect(page.locator(".others li")).to_have_count(1)
    page.locator(".others").get_by_role("link").click()
    expect(page.locator(".compared")).to_contain_text(f"{name} 2")


def test_the_last_newsletter_is_offered_and_scrolls_along(
    mailsink: Mailsink, page: Page
) -> None:
    lines = "".join(f"<p>Line {number}</p>" for number in range(80))
    send(mailsink, rich("Spring colours", f"<h1>Spring</h1>{lines}"))
    send(mailsink, rich("Coats and boots", f"<h1>Coats</h1>{lines}"))
    newest = mailsink.get("messages/latest")["id"]
    page.goto(f"{mailsink.url}/compare?a={newest}")
    first = page.locator(".others li").first
    expect(first).to_contain_text("Last from")
    expect(first).to_contain_text("Spring colours")
    first.get_by_role("link").click()
    page.get_by_role("link", name="Rendered").click()
    page.get_by_role("link", name="375 px").click()
    frames = page.locator(".frames iframe")
    expect(frames).to_have_count(2)
    for n in range(2):
        expect(frames.nth(n)).to_have_css("width", "375px")
    page.get_by_role("link", name="Dark").click()
    expect(frames.first).to_have_css("color-scheme", "dark")
    top = frames.last.bounding_box()
    frames.first.hover()
    page.mouse.wheel(0, 300)
    page.wait_for_function("() => document.querySelector('.frames').scrollTop >= 290")
    moved = frames.last.bounding_box()
    assert top
    assert moved
    assert moved["y"] <= top["y"] - 290  # the other one went along


def test_without_javascript(mailsink: Mailsink, browser: Browser) -> None:
    invoices(mailsink, "Plainly")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailsink.url}/?q=plainly")
    row(page, "Plainly 2").get_by_role("link").click()
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("link", name=re.compile("HTML source")).click()
    expect(page.locator("del")).to_have_text(["58.10"])
    page.goto(f"{mailsink.url}/?q=plainly")
    for box in page.locator("#entries input[type=checkbox]").all():
        box.check()
    page.get_by_title("More actions").click()
    page.get_by_role("button", name="Compare two").click()
    expect(page.locator(".compared")).to_contain_text("Plainly 1")
    context.close()
