"""How a mail's HTML is shown in a real browser: width, colours, remote images; its finds."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.mails import rich
from tests.running import Mailsink

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


class _Pictures(ThreadingHTTPServer):
    """A host of remote images, which counts who looks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: _Pictures

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(PNG)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def pictures() -> Iterator[_Pictures]:
    with _Pictures() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def html(pictures: _Pictures) -> str:
    return (
        f'<p>Hi</p><img alt="Sale" src="http://{pictures.host}/seen.png">'
        f'<img alt="" width=1 height=1 src="http://{pictures.host}/pixel.gif">'
        "<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3) } }</style>"
        '<a href="https://auth.test/confirm?token=9f8e7d6c5b4a3210">Confirm</a>'
        "<p>Your verification code is <b>481204</b></p>"
        '<a href="http://other.test/">shop.test</a>'
    )


@contextmanager
def loaded(page: Page, pictures: _Pictures, path: str) -> Iterator[None]:
    """Wait until an image was loaded."""
    with page.expect_response(lambda response: response.url.endswith(path)):
        yield
    assert path in pictures.asked


def test_remote_images_are_loaded_when_that_is_allowed(
    mailsink: Mailsink, page: Page, pictures: _Pictures
) -> None:
    send(
        mailsink,
        rich("Older remote", html(pictures)),
        rich("Newer remote", html(pictures)),
    )
    open_inbox(mailsink, page)
    row(page, "Newer remote").get_by_role("link").click()
    frame = page.frame_locator("#panel iframe")
    expect(frame.get_by_text("Hi")).to_be_visible()
    expect(page.locator(".remote")).to_contain_text(
        re.compile(r"2 remote images not loaded\s+1 tracking pixel")
    )
    assert_accessible(page)
    assert pictures.asked == []
    with loaded(page, pictures, "/seen.png"):
        page.keyboard.press("i")
    expect(page.locator(".remote")).to_contain_text("loaded once")
    # Another message, or the same one later, asks again.
    page.keyboard.press("j")
    expect(page.locator("h1", has_text="Older remote")).to_be_visible()
    expect(page.locator(".remote")).to_contain_text("not loaded")
    pictures.asked.clear()
    page.get_by_text("Always load from…").click()
    with loaded(page, pictures, "/seen.png"):
        page.get_by_role("button", name=f"Always from {pictures.host}").click()
    expect(page.locator(".remote")).to_have_count(0)
    page.goto(f"{mailsink.url}/settings")
    page.get_by_role("button", name=f"Remove {pictures.host}").click()
    expect(page.get_by_text("No hosts yet.")).to_be_visible()
    assert_accessible(page)


def test_width_and_scheme_are_kept(
    mailsink: Mailsink, page: Page, pictures: _Pictures
) -> None:
    page.emulate_media(color_scheme="null")  # else it holds for the frame as well
    send(
        mailsink, rich("Older view", html(pictures)), rich("Newer view", html(pictures))
    )
    open_inbox(mailsink, page)
    row(page, "Newer view").get_by_role("link").click()
    iframe = page.locator("#panel iframe")
    hi = page.frame_locator("#panel iframe").get_by_text("Hi")
    expect(hi).to_have_css("color", "rgb(0, 0, 0)")
    page.get_by_role("link", name="375 px").click()
    page.get_by_role("link", name="Dark", exact=True).click()
    expect(hi).to_have_css("color", "rgb(1, 2, 3)")
    expect(iframe).to_have_css("width", "375px")
    page.keyboard.press("j")
    expect(page.locator("h1", has_text="Older view")).to_be_visible()
    expect(hi).to_have_css("color", "rgb(1, 2, 3)")
    expect(iframe).to_have_css("width", "375px")
    page.get_by_role("link", name="Light").click()
    page.keyboard.press("w")
    expect(hi).to_have_css("color", "rgb(0, 0, 0)")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)


def test_finds_links_and_the_last_tab(
    mailsink: Mailsink, page: Page, pictures: _Pictures
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    send(
        mailsink, rich("Older find", html(pictures)), rich("Newer find", html(pictures))
    )
    open_inbox(mailsink, page)
    row(page, "Newer find").get_by_role("link").click()
    expect(page.locator("[data-code]")).to_have_text("481204")
    page.keyboard.press("y")
    expect(page.get_by_role("button", name="Copied 481204")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "481204"
    action = page.locator("[data-action]")
    expect(action).to_have_attribute(
        "href", "https://auth.test/confirm?token=9f8e7d6c5b4a3210"
    )
    page.locator("#tab-checks").click()
    page.locator("#viewing").get_by_role("link", name="Links").click()
    expect(page.locator("#panel")).to_contain_text("shows another host: shop.test")
    expect(page.locator("#panel")).to_contain_text("is a tracking pixel")
    assert_accessible(page)
    # The next message opens with the tab that was used last; the brackets go along them.
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1", has_text="Older find")).to_be_visible()
    expect(page.locator("#panel")).to_have_attribute("data-view-of", "links")
    expect(page.locator("#tab-checks")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("[")
    expect(page.locator("#tab-parts")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("1")
    expect(page.locator("#tab-preview")).to_have_attribute("aria-selected", "true")


def test_without_scripts(
    mailsink: Mailsink, browser: Browser, pictures: _Pictures
) -> None:
    send(mailsink, rich("By links", html(pictures)))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailsink.url}/messages/latest")
    page.get_by_role("link", name="375 px").click()
    expect(page.locator("#panel iframe")).to_have_css("width", "375px")
    page.get_by_role("link", name="Load images").click()
    expect(page.locator(".remote")).to_contain_text("loaded once")
    context.close()
