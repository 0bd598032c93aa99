"""Messages that are large in some way open, and each of their tabs stays usable."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.running import Mailsink

TABS = ("preview", "source", "headers", "parts", "checks", "smtp")


def _head(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@shop.test>"
    message["To"] = "ann@example.com"
    message["Subject"] = subject
    return message


def twenty_megabytes() -> bytes:
    message = _head("Twenty megabytes")
    message.set_content("See the attachment.\n")
    message.add_attachment(
        b"x" * 15_000_000, maintype="application", subtype="zip", filename="a.zip"
    )
    return message.as_bytes()


def five_hundred_parts() -> bytes:
    message = _head("Five hundred parts")
    message.set_content("Many.\n")
    for number in range(500):
        message.add_attachment(
            f"{number}\n".encode(),
            maintype="text",
            subtype="csv",
            filename=f"{number}.csv",
        )
    return message.as_bytes()


def five_megabytes_of_html() -> bytes:
    message = _head("Five megabytes of HTML")
    row = "<tr><td style='color:#333'>cell</td><td><a href='https://shop.test/x'>link</a></td></tr>"
    message.set_content(
        f"<table>{row * (5_000_000 // len(row))}</table>", subtype="html"
    )
    return message.as_bytes()


def nested_sixty_deep() -> bytes:
    inner = b"Content-Type: text/html\r\n\r\n<p>The innermost</p>\r\n"
    for depth in range(60):
        boundary = b"b%d" % depth
        inner = (
            b"Content-Type: multipart/mixed; boundary="
            + boundary
            + b"\r\n\r\n--"
            + boundary
            + b"\r\n"
            + inner
            + b"\r\n--"
            + boundary
            + b"--\r\n"
        )
    head = b"From: shop@shop.test\r\nTo: ann@example.com\r\nSubject: Sixty deep\r\nMIME-Version: 1.0\r\n"
    return head + inner


@pytest.mark.parametrize(
    "make",
    [
        five_hundred_parts,
        nested_sixty_deep,
        pytest.param(twenty_megabytes, marks=pytest.mark.long),
        pytest.param(five_megabytes_of_html, marks=pytest.mark.long),
    ],
    ids=lambda make: make.__name__,
)
def test_each_tab_opens_and_stays_small(mailsink: Mailsink, page: Page, make) -> None:
    octets = make()
    subject = make.__name__.replace("_", " ").replace("nested ", "").capitalize()
    subject = subject.replace("html", "HTML")
    send(mailsink, octets)
    open_inbox(mailsink, page)
    row(page, subject).get_by_role("link").click()
    expect(page.locator("h1", has_text=subject)).to_be_visible()
    for key in TABS:
        page.locator(f"#tab-{key}").click()
        panel = page.locator(f'#panel[aria-labelledby="tab-{key}"]')
        expect(panel).to_be_visible()
        views = page.locator("#viewing [hx-get]")
        for number in range(max(1, views.count())):
            if views.count():
                views.nth(number).click()
                expect(views.nth(number)).to_have_attribute("aria-current", "true")
            assert page.locator("#panel *").count() < 60_000, key
    page.keyboard.press("Escape")
    expect(page.locator("#detail h1")).to_have_count(0)


def test_previews_of_parts(mailsink: Mailsink, page: Page) -> None:
    message = _head("Previews")
    message.set_content("Hello.\n")
    message.add_attachment(
        b"BEGIN:VEVENT\r\nDTSTART:20261203T090000Z\r\nSUMMARY:Release\r\nEND:VEVENT\r\n",
        maintype="text", subtype="calendar", filename="invite.ics",
    )  # fmt: skip
    send(mailsink, message.as_bytes())
    open_inbox(mailsink, page)
    row(page, "Previews").get_by_role("link").click()
    page.locator("#tab-parts").click()
    page.get_by_role("link", name=re.compile(r"^1\.2")).click()
    expect(page.locator(".preview")).to_contain_text("Release")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    page.set_viewport_size({"width": 1440, "height": 800})
    page.locator("#tab-headers").click()
    expect(page.locator("#fields tr", has_text="From")).to_be_visible()
    page.keyboard.press("f")
    page.keyboard.type("subj")
    expect(page.locator("#fields tr", has_text="Shop")).to_be_hidden()
    expect(page.locator("#fields tr", has_text="Previews")).to_be_visible()
    assert_accessible(page)
