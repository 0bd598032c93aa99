"""What a page of another origin can do to us, in a real browser: nothing."""

from __future__ import annotations

import http.server
import smtplib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.running import Mailsink

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser(whole_chromium: Browser) -> Browser:
    """What a browser does by itself counts here."""
    return whole_chromium


class _Blank(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title><body></body>")

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def foreign_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(params=["127.0.0.1", "localhost"], ids=["same-site", "cross-site"])
def foreign(request: pytest.FixtureRequest, page: Page, foreign_port: int) -> Page:
    """A page of the same site on another port, or of another site."""
    page.goto(f"http://{request.param}:{foreign_port}/")
    return page


@pytest.fixture
def message(mailsink: Mailsink) -> str:
    """A message that is there; its id."""
    with smtplib.SMTP(*mailsink.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: secret\n\nhello")
    return str(mailsink.get("messages/latest")["id"])


def messages(mailsink: Mailsink) -> list[tuple[str, bool]]:
    """Return what there is, and whether it was read."""
    return [(each["id"], each["read"]) for each in mailsink.get("messages")["items"]]


_SEND = """async ([url, method, type]) => {
    const body = method === "DELETE" ? undefined : "{}";
    const headers = body ? { "Content-Type": type } : {};
    try { return (await fetch(url, { method, body, headers, mode: "no-cors" })).type }
    catch { return "failed" }
}"""


def test_it_cannot_delete_or_send(
    foreign: Page, mailsink: Mailsink, message: str
) -> None:
    before = messages(mailsink)
    api = f"{mailsink.url}/api/v3/messages"
    for url, method in [
        (api, "POST"),
        (f"{api}/{message}", "DELETE"),
        (f"{api}?all=true", "DELETE"),
        (f"{mailsink.url}/messages/{message}/delete", "POST"),
        (f"{mailsink.url}/test-message", "POST"),
    ]:
        foreign.evaluate(_SEND, [url, method, "text/plain"])
    assert messages(mailsink) == before


def test_its_form_is_refused(foreign: Page, mailsink: Mailsink, message: str) -> None:
    foreign.evaluate(
        """(url) => {
            const form = document.createElement("form");
            Object.assign(form, { action: url, method: "post" });
            document.body.append(form);
            form.submit();
        }""",
        f"{mailsink.url}/messages/{message}/delete",
    )
    foreign.wait_for_url(f"{mailsink.url}/**")
    assert "Foreign origin" in foreign.content()
    assert messages(mailsink)[0] == (message, False)


def test_it_cannot_mark_as_read(
    foreign: Page, mailsink: Mailsink, message: str
) -> None:
    loaded = foreign.evaluate(
        """(url) => new Promise((done) => {
            const image = new Image();
            image.onload = image.onerror = (event) => done(event.type);
            image.src = url;
        })""",
        f"{mailsink.url}/messages/{message}",
    )
    assert loaded == "error"
    assert messages(mailsink)[0] == (message, False)


def test_it_cannot_read(foreign: Page, mailsink: Mailsink, message: str) -> None:
    read = foreign.evaluate(
        """async (url) => {
            try { return await (await fetch(url)).text() } catch { return "failed" }
        }""",
        f"{mailsink.url}/api/v3/messages",
    )
    assert read == "failed"


def test_it_cannot_listen(foreign: Page, mailsink: Mailsink) -> None:
    opened = foreign.evaluate(
        """(url) => new Promise((resolve) => {
            const socket = new WebSocket(url);
            socket.onopen = () => resolve("open");
            socket.onerror = () => resolve("refused");
        })""",
        mailsink.live,
    )
    assert opened == "refused"


def test_it_cannot_show_us_in_a_frame_or_as_an_image(
    foreign: Page, mailsink: Mailsink
) -> None:
    shown = foreign.evaluate(
        """async (url) => {
            const image = new Image();
            image.src = `${url}/static/icons.svg`;
            const loaded = await image.decode().then(() => true, () => false);
            const frame = document.createElement("iframe");
            frame.src = url;
            const done = new Promise((resolve) => { frame.onload = resolve });
            document.body.append(frame);
            await done;
            return loaded;
        }""",
        mailsink.url,
    )
    assert not shown
    (frame,) = foreign.main_frame.child_frames
    frame.wait_for_url("chrome-error:**", wait_until="commit")


def test_its_link_works(foreign: Page, mailsink: Mailsink) -> None:
    foreign.evaluate(
        """(url) => {
            const link = document.createElement("a");
            Object.assign(link, { href: url, textContent: "inbox" });
            document.body.append(link);
        }""",
        mailsink.url,
    )
    with foreign.expect_navigation():
        foreign.click("a")
    assert foreign.url == f"{mailsink.url}/"
    assert "Mailsink" in foreign.title()
