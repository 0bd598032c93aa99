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
from tests.e2e.mail import open_inbox, send, until_live
from tests.e2e.meanwhile import held
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
    until_live(page)


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
    expect(sentence).to_contain_text("Mail to ann@example.com was rejected")
    expect(sentence).to_contain_text("550 5.1.1 There is no such user here")
    expect(sentence).to_contain_text("rule “known addresses")

    page.get_by_role("link", name="Open the reply").first.click()
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
    expect(sentence).to_contain_text("No mail to live@example.com has been seen")
    with known_only(mailsink):
        refused(mailsink, "live@example.com")
    expect(sentence).to_contain_text("was rejected")
    expect(page.locator("#announcements")).to_contain_text("was rejected")
    send(mailsink, plain("Here it is"), to=["live@example.com"])
    expect(sentence).to_contain_text("was accepted")
    page.get_by_role("link", name="Open the message").first.focus()
    with Wire(mailsink.smtp) as client:
        client.say("EHLO app.shop.test")
        client.say("MAIL FROM:<a@shop.test>")
        client.say("RCPT TO:<live@example.com>")
        expect(sentence).to_contain_text("is in progress")
    expect(sentence).to_contain_text("before it sent a message")
    expect(page.locator(".evidence a:focus")).to_have_text("Open the message")


def test_the_search_box_offers_the_trace(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Hidden"), to=["hid@example.com"])
    open_inbox(mailsink, page, "/?q=subject:other")
    page.keyboard.press("/")
    offer = page.locator("[data-offer-trace] a")
    expect(offer).to_be_hidden()
    page.keyboard.press("Control+a")
    page.keyboard.type("hid@example.com")
    expect(offer).to_have_text("Trace mail to hid@example.com")
    offer.click()
    expect(page.locator(".sentence")).to_contain_text(
        "your filter hides it (subject:other does not match)"
    )


def test_the_answer_stands_above_the_results(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Above"), to=["dana.keller@example.org"])
    with known_only(mailsink):
        refused(mailsink, "dana.keller@example.org")
    for query in ("dana.keller@example.org", "dana.keller", "to:dana.keller@"):
        open_inbox(mailsink, page, f"/?q={quote(query)}")
        answer = page.locator(".traced a").first
        expect(answer).to_contain_text(
            "Mail to dana.keller@example.org: 1 accepted, 1 rejected (550) · last"
        )
    assert_accessible(page)
    send(mailsink, plain("Above"), to=["dana.keller@example.org"])
    expect(answer).to_contain_text("2 accepted, 1 rejected (550)")
    answer.click()
    expect(page.locator(".sentence")).to_contain_text("was accepted")
    expect(page.locator("#evidence")).to_have_text("History")
    expect(page.locator("section .evidence li")).to_have_count(3)
    open_inbox(mailsink, page, "/?q=nothing")
    expect(page.locator(".traced")).to_be_hidden()


def test_known_addresses_are_suggested_while_one_types(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Typed"), to=["typed.slowly@example.org"])
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    page.keyboard.press("/")
    page.keyboard.type("slow")
    suggested = page.locator("[data-addresses] a")
    expect(suggested).to_contain_text("typed.slowly@example.org")
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    expect(suggested).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".sentence")).to_contain_text("was accepted")


def test_a_suggestion_keeps_the_focus_when_later_ones_come(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Typed"), to=["typed.later@example.org"])
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    page.keyboard.press("/")
    page.keyboard.type("late")
    suggested = page.locator("[data-addresses] a")
    expect(suggested).to_contain_text("typed.later@example.org")
    with held(page, re.compile("part=later$")) as answer:
        page.keyboard.type("r")
    page.keyboard.press("ArrowDown")
    expect(suggested).to_be_focused()
    answer.let_go(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/trace?address=typed.later%40example.org")


def test_a_sender_and_a_part_are_traced(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Sent"), to=["fay.part@example.org"])
    open_trace(mailsink, page, "shop@shop.test")
    expect(page.locator(".answer")).to_contain_text("This address is a sender:")
    page.get_by_role("link", name="Sent:").click()
    expect(page.locator("#entries li.row").first).to_be_visible()
    open_trace(mailsink, page, "fay")
    expect(page.locator(".sentence")).to_contain_text(
        "Mail to fay.part@example.org was"
    )


def test_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, plain("Plain"), to=["plain@example.com"])
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailsink.url}/")
    page.get_by_role("searchbox").fill("plain@")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Trace mail to plain@").click()
    page.get_by_label("Address, or a part of it").fill("plain@example.com")
    page.get_by_role("button", name="Trace").click()
    expect(page.locator(".sentence")).to_contain_text("was accepted")
    page.get_by_role("link", name="Sent: 0 messages").click()
    expect(page.locator(".chips .chip")).to_contain_text("from: plain@example.com")
    context.close()


@pytest.mark.parametrize(
    "width", [1440, pytest.param(900, marks=pytest.mark.long), 390]
)
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
