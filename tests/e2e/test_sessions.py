"""The sessions' pages in a real browser."""

from __future__ import annotations

import smtplib
import ssl

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.wire import Wire
from tests.running import Mailsink


def send(mailsink: Mailsink, helo: str) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname=helo) as client:
        client.sendmail("a@shop.test", "ann@example.com", "Subject: Hello\r\n\r\nHi")


def open_session(page: Page, mailsink: Mailsink, name: str) -> None:
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-sessions] li", has_text=name).first
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text(name)


def test_pages_are_accessible(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, "axe.shop.test")
    with Wire(mailsink.smtp) as client:
        client.say("EHLO sitting.shop.test")
        client.say("NONSENSE")
        page.goto(f"{mailsink.url}/sessions")
        assert_accessible(page)
        open_session(page, mailsink, "sitting.shop.test")
        expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")
        page.keyboard.press("j")
        expect(page.locator("[data-details] h2")).to_be_visible()
        assert_accessible(page)
    page.goto(f"{mailsink.url}/sessions/nothing")
    assert_accessible(page)


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_nothing_runs_over_the_edge(mailsink: Mailsink, page: Page, width: int) -> None:
    send(mailsink, "wide." + "x" * 200 + ".shop.test")
    page.set_viewport_size({"width": width, "height": 800})
    open_session(page, mailsink, "wide.")
    for url in (
        page.url,
        f"{mailsink.url}/sessions",
        f"{mailsink.url}/nothing-arriving",
    ):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_session_works_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, "plain.shop.test")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_session(page, mailsink, "plain.shop.test")
    line = page.locator("table.transcript tr", has_text="TO:<ann@example.com>")
    line.get_by_role("link").first.click()
    expect(page.locator("[data-details]")).to_contain_text("TO:<ann@example.com>")
    context.close()


def test_secret_is_masked(mailsink: Mailsink, page: Page) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="auth.shop.test") as client:
        client.ehlo()
        client.user, client.password = "shop-staging", "hunter2"
        client.auth("PLAIN", client.auth_plain)
    open_session(page, mailsink, "auth.shop.test")
    line = page.locator("table.transcript tr", has_text="235 2.7.0")
    expect(line).to_contain_text("PLAIN ********")
    expect(page.locator(".head .chips")).to_contain_text("AUTH PLAIN shop-staging")


def test_tls_on_a_plain_port_says_what_cures_it(mailsink: Mailsink, page: Page) -> None:
    context = ssl.create_default_context()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        smtplib.SMTP_SSL(*mailsink.smtp, context=context, local_hostname="x")
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-ended] li", has_text="TLS on a plain port").first
    row.get_by_role("link").click()
    expect(page.locator(".banner")).to_contain_text("nodemailer: secure: false")


def test_long_session_is_loaded_as_one_scrolls(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO long.shop.test")
        for _ in range(3200):
            client.say("NOOP")
        client.say("QUIT")
    open_session(page, mailsink, "long.shop.test")
    rows = page.locator("table.transcript tbody tr")
    expect(rows.first).to_have_id("e1")
    page.wait_for_function(_SCROLL, arg=["e3203", "end"], timeout=60_000)
    expect(rows.last).to_contain_text("QUIT")
    assert rows.count() <= 600
    page.wait_for_function(_SCROLL, arg=["e1", "start"], timeout=60_000)
    expect(rows.first).to_have_id("e1")
    assert rows.count() <= 600


# Scrolls the transcript to its end or its start; tells whether a line is there.
_SCROLL = """([id, where]) => {
  const pane = document.querySelector("[data-transcript]");
  pane.scrollTop = where === "end" ? pane.scrollHeight : 0;
  return document.getElementById(id) !== null;
}"""
