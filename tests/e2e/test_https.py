"""The pages by HTTPS in a real browser: the live view goes by wss."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.mail import row, send, until_live
from tests.mails import rich
from tests.running import SERVER_BEHIND, Mailsink


@pytest.mark.skipif(bool(SERVER_BEHIND), reason="its TLS is Mailsink's own")
def test_mail_appears_by_https(
    start_mailsink: Callable[..., Mailsink], browser: Browser
) -> None:
    flags = ("--smtp", "127.0.0.1:0", "--http", "off", "--https", "127.0.0.1:0")
    server = start_mailsink(*flags)
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(server.url)
    assert server.url.startswith("https://")
    until_live(page)
    expect(page.locator("#wrong-origin")).to_be_hidden()
    send(server, rich("By HTTPS", "<p>Hello", b""))
    row(page, "By HTTPS").get_by_role("link").click()
    page.get_by_role("button", name="Bug").click()
    expect(row(page, "By HTTPS").get_by_text("found a bug")).to_be_attached()
    context.close()
