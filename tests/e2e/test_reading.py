"""Headers, sources and their downloads, in a real browser."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.mail import open_inbox, row, send
from tests.mails import rich
from tests.running import Mailsink

HTML = '<table><tr><td style="color:red">Hi</td></tr></table>'


def test_headers_are_filtered_and_copied(mailsink: Mailsink, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    send(mailsink, rich("Read its header", HTML))
    open_inbox(mailsink, page)
    row(page, "Read its header").get_by_role("link").click()
    page.get_by_role("tab", name="Headers").click()
    fields = page.locator("#fields tr:visible")
    expect(fields).to_have_count(5)
    page.keyboard.press("f")
    page.keyboard.type("mime")
    expect(fields).to_have_count(1)
    expect(fields).to_contain_text("MIME-Version")
    page.get_by_label("Filter").fill("subj")
    fields.get_by_role("button", name="Copy").click()
    expect(fields.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "Subject: Read its header"
    page.get_by_text("As sent, not decoded").click()
    expect(page.locator("#panel pre")).to_contain_text("Subject: Read its header")


def test_sources_are_numbered_formatted_and_saved(
    mailsink: Mailsink, page: Page, tmp_path: Path
) -> None:
    send(mailsink, rich("Read its source", HTML))
    open_inbox(mailsink, page)
    row(page, "Read its source").get_by_role("link").click()
    page.get_by_role("tab", name="Source").click()
    # Preview has a link of this name, too.
    expect(page.locator("#viewing").get_by_role("link", name="Raw")).to_be_visible()
    page.locator("#viewing").get_by_role("link", name="HTML").click()
    lines = page.locator("#panel .lines .l")
    expect(lines).to_have_count(7)  # formatted: each element on a line of its own
    expect(lines.locator(".value")).to_have_text('"color:red"')
    page.get_by_role("link", name="As sent").click()
    expect(lines).to_have_count(2)  # the second is what ends the text
    with page.expect_download() as saved:
        page.locator("#panel").get_by_role("link", name="Download").click()
    saved.value.save_as(tmp_path / "mail.html")
    assert HTML in (tmp_path / "mail.html").read_text()

    page.locator("#viewing").get_by_role("link", name="Raw").click()
    expect(lines.first).to_contain_text("From: Shop <shop@shop.test>")
    numbers = lines.evaluate_all("all => all.map(each => each.dataset.n)")
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    wide = lines.first.evaluate("node => node.parentElement.scrollWidth")
    page.get_by_label("Wrap long lines").uncheck()
    expect(page.locator("#panel pre.lines")).to_have_css("white-space", "pre")
    assert lines.first.evaluate("node => node.parentElement.scrollWidth") >= wide
    page.get_by_label("Line", exact=True).fill("3")
    page.get_by_role("button", name="Go").click()
    expect(page).to_have_url(re.compile("line=3"))
    expect(lines.first).to_be_visible()
    with page.expect_download() as saved:
        page.locator("#panel").get_by_role("link", name="Download").click()
    saved.value.save_as(tmp_path / "mail.eml")
    url = f"{mailsink.direct}/api/v3/messages/latest/raw"
    with urllib.request.urlopen(url) as answer:
        assert (tmp_path / "mail.eml").read_bytes() == answer.read()
