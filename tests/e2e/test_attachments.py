"""The attachments of a message: their strip, previews over the mail, and one file of all."""

from __future__ import annotations

import re
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.e2e.meanwhile import held
from tests.running import Mailsink
from tools.sample_mail import _png


def scans(subject: str) -> bytes:
    """Return a mail with a picture within, and four attachments, two of one name."""
    message = EmailMessage()
    message["From"], message["To"] = "scan@shop.test", "ann@example.com"
    message["Subject"] = subject
    message.set_content("See the files.\n")
    message.add_alternative('<p>See</p><img src="cid:logo" alt="">', subtype="html")
    html = message.get_payload(1)
    assert isinstance(html, EmailMessage)
    html.add_related(_png(8, 8, (1, 2, 3)), "image", "png", cid="<logo>")
    for colour in (10, 20):
        picture = _png(40, 30, (colour, 0, 0))
        message.add_attachment(picture, "image", "png", filename="scan.png")
    message.add_attachment(b"a,b\n1,2\n", "text", "csv", filename="../totals.csv")
    message.add_attachment(b"%PDF-1.4\n", "application", "pdf", filename="bill.pdf")
    return message.as_bytes()


def opened(mailsink: Mailsink, page: Page, subject: str) -> None:
    send(mailsink, scans(subject))
    open_inbox(mailsink, page)
    row(page, subject).get_by_role("link").click()
    expect(page.locator("h1", has_text=subject)).to_be_visible()


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
def test_an_attachment_is_looked_at_over_the_mail(
    mailsink: Mailsink, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(mailsink, page, f"Looked at {width}")
    files = page.locator(".attached .file")
    expect(files).to_have_count(4)  # not the picture that the HTML shows
    expect(files.locator("img")).to_have_count(2)
    expect(files.nth(2)).to_contain_text("totals.csv")
    assert_accessible(page)
    files.nth(2).click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator("pre")).to_contain_text("a,b")
    assert_accessible(page)
    url = page.url
    page.keyboard.type("#")  # no shortcut acts in it
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(files.nth(2)).to_be_focused()
    assert page.url == url
    files.nth(0).click()
    expect(sheet.locator("img")).to_have_js_property("naturalWidth", 40)
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_attachment_that_was_chosen_last_is_shown(
    mailsink: Mailsink, page: Page
) -> None:
    opened(mailsink, page, "Looked at late")
    files = page.locator(".attached .file")
    with held(page, re.compile(r"[?&]part=")) as answer:
        files.nth(0).click()
    files.nth(2).click()
    shown = page.get_by_role("dialog").locator("pre")
    expect(shown).to_contain_text("a,b")
    answer.let_go(page)
    expect(shown).to_contain_text("a,b")


def test_attachments_are_saved_by_one_click(
    mailsink: Mailsink, page: Page, tmp_path: Path
) -> None:
    opened(mailsink, page, "Saved")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download totals.csv").click()
    assert download.value.suggested_filename == "totals.csv"
    download.value.save_as(tmp_path / "totals.csv")
    assert (tmp_path / "totals.csv").read_bytes() == b"a,b\n1,2\n"
    with page.expect_download() as download:
        page.get_by_role("link", name="All (zip").click()
    assert download.value.suggested_filename == "Saved.zip"
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == [
            "scan.png", "scan (2).png", "totals.csv", "bill.pdf",
        ]  # fmt: skip
        assert archive.read("totals.csv") == b"a,b\n1,2\n"
        assert archive.testzip() is None


def test_the_preview_of_a_part_is_in_sight(mailsink: Mailsink, page: Page) -> None:
    page.set_viewport_size({"width": 1024, "height": 500})
    opened(mailsink, page, "Many parts")
    page.locator("#tab-parts").click()
    page.get_by_role("link", name=re.compile("^1.4")).click()
    expect(page.locator(".preview h2")).to_be_in_viewport()
    expect(page.locator(".preview pre")).to_contain_text("a,b")


def test_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, scans("No scripts"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailsink.url}/messages/latest")
    page.locator(".attached .file").nth(2).click()
    expect(page.locator(".preview pre")).to_contain_text("a,b")
    page.locator("#tab-source").click()
    page.get_by_role("link", name="HTML", exact=True).click()
    expect(page.locator("#panel pre")).to_contain_text("<img")
    page.locator("#more-summary").click()
    expect(page.get_by_role("link", name="Print", exact=True)).to_be_visible()
    context.close()
