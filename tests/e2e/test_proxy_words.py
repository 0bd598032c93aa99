"""What a page cannot do behind a proxy that is not set up for it, it says in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import behind
from tests.behind import Nginx
from tests.e2e.mail import until_live
from tests.running import SERVER_BEHIND, Mailsink

pytestmark = pytest.mark.skipif(bool(SERVER_BEHIND), reason="its proxies are its own")


@pytest.fixture
def untrusting(browser: Browser) -> Iterator[Page]:
    """A page of a browser that takes any certificate."""
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def test_without_websockets(
    tmp_path: Path, untrusting: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = behind.documented("keep").replace("Upgrade $http_upgrade", 'Upgrade ""')
    monkeypatch.setattr(behind, "documented", lambda how: lines)
    server = Mailsink(tmp_path / "data", behind="keep")
    try:
        untrusting.goto(server.url)
        warning = untrusting.get_by_role("alert").filter(has_text="websocket")
        expect(warning).to_contain_text("pass on the fields Upgrade and Connection")
    finally:
        server.stop()


@pytest.mark.parametrize("how", behind.HOW)
def test_below_a_path_that_nobody_named(
    mailsink: Mailsink, tmp_path: Path, untrusting: Page, how: str
) -> None:
    nginx = Nginx(tmp_path, how)
    nginx.run(mailsink.direct.removeprefix("http://"))
    try:
        untrusting.goto(nginx.url)
        said = untrusting.get_by_text("MAILSINK_PUBLIC_URL").first
        expect(said).to_be_visible()
    finally:
        nginx.stop()


def test_with_a_style_nothing_is_said(mailsink: Mailsink, untrusting: Page) -> None:
    untrusting.goto(mailsink.url)
    until_live(untrusting)
    expect(untrusting.get_by_text("MAILSINK_PUBLIC_URL").first).to_be_hidden()
    expect(untrusting.locator("#no-websocket")).to_be_hidden()
