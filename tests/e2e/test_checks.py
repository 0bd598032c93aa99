"""The tab Checks in a real browser: what is left over, and which email clients lack what."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, send
from tests.mails import rich
from tests.running import Mailsink

HTML = """<html><style>
.row { display: flex; gap: 4px } @font-face { font-family: x }
</style>
<p style="color:#aaa">Dear {{ name }},</p>
<a href="http://localhost:3000/confirm">Confirm</a>
<img src="https://shop.com/logo.webp" width="80">
</html>"""


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
def test_checks_of_a_mail(mailsink: Mailsink, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    send(mailsink, rich(f"checked {width}", HTML))
    open_inbox(mailsink, page)
    row = page.locator("#entries > li", has_text=f"checked {width}")
    row.get_by_role("link").click()
    page.get_by_role("tab", name="Checks").click()
    panel = page.locator("#panel")
    first = panel.locator(".check").first
    expect(first).to_contain_text("unreplaced placeholder")
    expect(first).to_contain_text("HTML line 4 {{ name }}")
    expect(panel.locator(".check", has_text="link to a private host")).to_be_visible()
    expect(panel.locator(".check", has_text="low contrast")).to_contain_text("#aaaaaa")
    # A link within the page loads nothing again, which would close what is opened there.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    panel.get_by_role("link", name="Outlook (Windows) lacks").click()
    expect(
        panel.get_by_role("heading", name="HTML and CSS by email client")
    ).to_be_in_viewport()
    expect(page).to_have_url(re.compile("#support$"))
    page.go_back()
    page.go_forward()
    expect(page).to_have_url(re.compile("#support$"))
    assert not [url for url in asked if "tab=" in url]
    program = panel.locator(".programs li", has_text="Outlook (Windows)").first
    program.locator("summary").click()
    expect(program.locator("dd").first).to_contain_text("display:flex")
    feature = panel.locator(".features li", has_text="display:flex")
    feature.locator("summary").click()
    expect(feature).to_contain_text("used once, HTML line 2")
    panel.get_by_text("As a table").click()
    expect(panel.locator(".matrix")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)
