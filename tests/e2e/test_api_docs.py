"""The page of the API, in a real browser: to read and to try, in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.mail import send
from tests.mails import plain
from tests.running import Mailsink


@pytest.fixture
def docs(mailsink: Mailsink, page: Page) -> Page:
    """The page; what it asks of others, and what its policy forbids, fails the test."""
    wrong: list[str] = []
    page.on(
        "console",
        lambda said: wrong.append(said.text) if said.type == "error" else None,
    )
    page.on(
        "request",
        lambda asked: asked.url.startswith(mailsink.url) or wrong.append(asked.url),
    )
    page.goto(f"{mailsink.url}/api/v3/docs")
    expect(
        page.locator("#main").get_by_text("Get a message", exact=True)
    ).to_be_visible()
    assert wrong == []
    return page


@pytest.mark.long
def test_calls_have_names_and_groups(docs: Page) -> None:
    for words in ("Trace an address", "Wait for messages", "Explain an exchange"):
        expect(docs.locator("#main").get_by_text(words, exact=True)).to_be_visible()
    for group in ("Messages", "Sessions", "Saved searches"):
        expect(docs.get_by_role("link", name=group, exact=True).last).to_be_visible()


def test_a_call_is_tried(mailsink: Mailsink, docs: Page) -> None:
    send(mailsink, plain("Tried on the page"))
    docs.locator(".opblock-summary-control", has_text="Get a message").first.click()
    call = docs.locator(".opblock.is-open")
    expect(call).to_contain_text("/api/v3/messages/latest?include=text%2Ccodes'")
    expect(call).to_contain_text('"address": "ann@example.com"')
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table")).to_contain_text("Tried on the page")


@pytest.mark.long
def test_it_follows_the_theme(docs: Page) -> None:
    def background() -> str:
        sheet = "getComputedStyle(document.querySelector('.opblock')).backgroundColor"
        return str(docs.evaluate(sheet))

    docs.emulate_media(color_scheme="light")
    light = background()
    docs.emulate_media(color_scheme="dark")
    expect(docs.locator("html.dark-mode")).to_be_attached()
    assert background() != light
    docs.locator("[data-theme-button]").click()  # from the system's to light
    expect(docs.locator("html.dark-mode")).not_to_be_attached()
    assert background() == light


@pytest.mark.long
@pytest.mark.parametrize("width", [1440, 390])
def test_it_fits_and_leads_home(mailsink: Mailsink, docs: Page, width: int) -> None:
    docs.set_viewport_size({"width": width, "height": 800})
    docs.locator(".opblock-summary-control", has_text="Wait for messages").click()
    expect(docs.locator(".opblock.is-open")).to_be_visible()
    assert docs.evaluate("document.documentElement.scrollWidth") <= width
    docs.get_by_role("link", name="Inbox").first.click()
    docs.wait_for_url(f"{mailsink.url}/")
