"""A message that is refused twice and then accepted, as a real client sends it."""

from __future__ import annotations

import json
import smtplib
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row
from tests.mails import plain
from tests.running import Mailsink


def pause(server: Mailsink, paused: bool) -> None:
    request = urllib.request.Request(
        f"{server.direct}/api/v3/inboxes/default", method="PATCH",
        data=json.dumps({"paused": paused}).encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    urllib.request.urlopen(request, timeout=120).close()


def send(server: Mailsink, to: str, subject: str) -> smtplib.SMTPException | None:
    """Try to send; return what the client raised."""
    with smtplib.SMTP(*server.smtp, local_hostname="app.shop.test") as client:
        try:
            client.sendmail("shop@shop.test", [to], plain(subject))
        except smtplib.SMTPRecipientsRefused as error:
            return error
    return None


def test_refused_twice_then_accepted(mailsink: Mailsink, page: Page) -> None:
    pause(mailsink, True)
    for _ in range(2):
        assert send(mailsink, "ann@example.com", "Your order")
    open_inbox(mailsink, page)
    page.locator("#entries > li").first.get_by_role("link").click()
    history = page.locator(".mail [data-refresh$=attempts]")
    expect(history).to_contain_text("2 attempts: 450 → 450")
    pause(mailsink, False)
    assert send(mailsink, "ann@example.com", "Your order") is None
    # Without a click: the page that is open learns of the attempt.
    expect(history).to_contain_text("3 attempts: 450 → 450 → 250")
    expect(history).to_contain_text("Maybe accepted")
    history.locator(".upshot").get_by_role("link", name="open").click()
    expect(page.locator("h1", has_text="Your order")).to_be_visible()
    page.locator(".attempt-history summary").click()
    expect(page.locator(".attempt-history li").first).to_contain_text(
        "refused at RCPT with 450"
    )
    expect(row(page, "Your order")).to_contain_text("attempt 3")
    page.locator(".attempt-history li").first.get_by_role("link").click()
    details = page.locator("[data-details]")
    expect(details).to_contain_text("3 attempts: 450 → 450 → 250")
    expect(
        details.get_by_role("link", name="Open the accepted message")
    ).to_be_visible()


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
def test_attempts_are_accessible(mailsink: Mailsink, page: Page, width: int) -> None:
    to = f"bob{width}@example.com"
    page.set_viewport_size({"width": width, "height": 800})
    pause(mailsink, True)
    assert send(mailsink, to, f"Wide {width}")
    pause(mailsink, False)
    assert send(mailsink, to, f"Wide {width}") is None
    page.goto(f"{mailsink.url}/messages/latest")
    page.locator(".attempt-history summary").click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".attempt-history li").first.get_by_role("link").click()
    page.locator(".detail-pane .attempt-history summary").click()
    assert_accessible(page)
