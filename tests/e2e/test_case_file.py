"""Case files, as a person saves them and opens them from disk."""

from __future__ import annotations

import re
import smtplib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.canary import Canary
from tests.e2e.mail import open_inbox, row
from tests.running import Mailsink


def hostile(url: str) -> bytes:
    evil = (
        f"</pre></style><script>document.title='run';fetch('{url}/ran')</script>"
        f"<img src='{url}/image' onerror=\"document.title='run'\">"
        f"<link rel=stylesheet href='{url}/style'><iframe src='{url}/frame'></iframe>"
        f"<meta http-equiv=refresh content='0;url={url}/gone'>"
    )
    return (
        f"From: a@shop.test\r\nTo: ann@example.com\r\nSubject: {evil}\r\n"
        f"X-Evil: {evil}\r\nContent-Type: text/html\r\n\r\n{evil}\r\n"
    ).encode()


def saved(page: Page, folder: Path, name: str) -> Path:
    with page.expect_download() as download:
        if "/messages/" in page.url:
            page.locator("#more-summary").click()
        page.get_by_role("link", name=re.compile("Case file|Report")).click()
    path = folder / name
    download.value.save_as(path)
    assert download.value.suggested_filename.startswith("mailsink-case-")
    return path


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
def test_nothing_in_a_case_file_runs_or_loads(
    mailsink: Mailsink, page: Page, tmp_path: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    with Canary() as canary:
        with smtplib.SMTP(*mailsink.smtp, local_hostname="evil.shop.test") as client:
            client.user, client.password = "shop", "hunter2"
            client.ehlo()
            client.auth("PLAIN", client.auth_plain)
            client.sendmail("a@shop.test", "ann@example.com", hostile(canary.url))
        page.goto(f"{mailsink.url}/messages/latest")
        of_message = saved(page, tmp_path, "message.html")
        page.get_by_role("link", name="SMTP session").click()
        page.wait_for_url("**/sessions/*")
        of_session = saved(page, tmp_path, "session.html")
        # A page of its own: the one before goes on asking until it is left.
        page = page.context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in (of_message, of_session):
            assert "hunter2" not in path.read_text()
            page.goto(path.as_uri())
            expect(page.locator("body")).to_contain_text("PLAIN ********")
            expect(page.locator("pre")).to_contain_text("document.title='run'")
            assert page.title() != "run"
            assert page.locator("script, img, link, iframe").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert asked == [of_message.as_uri(), of_session.as_uri()]
        assert canary.paths == []


def test_case_file_is_accessible(
    mailsink: Mailsink, page: Page, tmp_path: Path
) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="app.shop.test") as client:
        client.sendmail("a@shop.test", "ann@example.com", "Subject: A case\r\n\r\nHi")
    open_inbox(mailsink, page)
    row(page, "A case").get_by_role("link").click()
    page.goto(saved(page, tmp_path, "case.html").as_uri())
    # The file's own policy keeps axe out too: look at the same words without it.
    html = page.content().replace("http-equiv", "data-was")
    page.set_content(html)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
