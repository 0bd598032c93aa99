"""Where is my mail? walked through in a browser, live, and held to WCAG 2.2 AA."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, send
from tests.e2e.wire import Wire
from tests.mails import plain
from tests.running import Mailsink


@contextmanager
def known_only(server: Mailsink) -> Iterator[None]:
    """Have mail to unknown addresses refused."""
    server.patch("inboxes/default", known_only=True)
    yield
    server.patch("inboxes/default", known_only=False)


def refused(server: Mailsink, address: str) -> str:
    """Send to an address that is refused; return the reply that the client raises."""
    with pytest.raises(smtplib.SMTPRecipientsRefused) as raised:
        send(server, plain("Refused"), to=[address])
    [(_, reply)] = raised.value.recipients.values()
    return reply.decode()


def open_trace(server: Mailsink, page: Page, address: str) -> None:
    page.goto(f"{server.url}/trace?address={quote(address)}")
    expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")


def test_a_refusal_is_traced_to_the_line_that_the_client_was_told_of(
    mailsink: Mailsink, page: Page
) -> None:
    with known_only(mailsink):
        reply = refused(mailsink, "ann@example.com")
    page.goto(f"{mailsink.url}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("ann@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url("**/trace?address=ann%40example.com")
    sentence = page.locator(".sentence")
    expect(sentence).to_contain_text("Mail to ann@example.com was refused at RCPT")
    expect(sentence).to_contain_text("550 5.1.1 There is no such user here")
    expect(sentence).to_contain_text("rule “known addresses")

    page.get_by_role("link", name="Open the line").first.click()
    expect(page.locator("tr[aria-current]")).to_contain_text("TO:<ann@example.com>")
    traced = page.url
    link = re.search(r"\(why: (\S+)\)", reply)
    assert link
    page.goto(link[1])
    assert page.url == traced
    expect(page.locator("[data-details]")).to_contain_text("550 5.1.1")


def test_the_open_page_follows_the_wire(mailsink: Mailsink, page: Page) -> None:
    open_trace(mailsink, page, "live@example.com")
    sentence = page.locator(".sentence")
    expect(sentence).to_contain_text("There is no trace of live@example.com")
    with known_only(mailsink):
        refused(mailsink, "live@example.com")
    expect(sentence).to_contain_text("was refused at RCPT")
    expect(page.locator("#announcements")).to_contain_text("was refused at RCPT")
    send(mailsink, plain("Here it is"), to=["live@example.com"])
    expect(sentence).to_contain_text("was accepted")
    page.get_by_role("link", name="Open the message").first.focus()
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.say("MAIL FROM:<a@shop.test>")
        client.say("RCPT TO:<live@example.com>")
        expect(sentence).to_contain_text("is under way")
    expect(sentence).to_contain_text("before the message came")
    expect(page.locator(".evidence a:focus")).to_have_text("Open the message")


def test_the_search_box_offers_the_trace(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Hidden"), to=["hid@example.com"])
    open_inbox(mailsink, page, "/?q=subject:other")
    page.keyboard.press("/")
    offer = page.get_by_role("link", name="Where is mail to")
    expect(offer).to_be_hidden()
    page.keyboard.press("Control+a")
    page.keyboard.type("hid@example.com")
    expect(offer).to_have_text("Where is mail to hid@example.com?")
    offer.click()
    expect(page.locator(".sentence")).to_contain_text(
        "your filter hides it (subject:other does not match)"
    )


def test_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, plain("Plain"), to=["plain@example.com"])
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailsink.url}/")
    page.get_by_role("link", name="Trace").click()
    page.get_by_label("Address of the recipient").fill("plain@example.com")
    page.get_by_role("button", name="Find it").click()
    expect(page.locator(".sentence")).to_contain_text("was accepted")
    page.get_by_role("link", name="As sender").click()
    expect(page.locator(".chip")).to_contain_text("from: plain@example.com")
    context.close()


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_trace_is_accessible(mailsink: Mailsink, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{mailsink.url}/trace")
    assert_accessible(page)
    send(mailsink, plain("x" * 300), to=["axe@example.com", "axe2@exmaple.com"])
    with known_only(mailsink):
        refused(mailsink, "axe@example.com")
    for address in ("axe@example.com", "axe@exmaple.com", "x" * 1001):
        page.goto(f"{mailsink.url}/trace?address={quote(address)}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_text_stays_text(mailsink: Mailsink, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e" + "x" * 900
    open_trace(mailsink, page, hostile)
    expect(page.locator(".sentence")).to_contain_text("<img src=x")
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
