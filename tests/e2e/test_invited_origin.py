"""What a page of an origin that a setting names can do, in a real browser: use the API."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.mail import send
from tests.mails import plain
from tests.running import Mailsink

_ASK = """async ([url, method, body]) => {
    const headers = { "Content-Type": "application/json", Authorization: "Bearer x" };
    try {
        const answer = await fetch(url, { method, body, headers });
        return [answer.status, await answer.text()];
    } catch { return "failed" }
}"""
_LISTEN = """(url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => resolve(JSON.parse(data).type);
    socket.onerror = () => resolve("refused");
})"""
_SUBMIT = """(url) => {
    const form = document.createElement("form");
    Object.assign(form, { action: url, method: "post" });
    document.body.append(form);
    form.submit();
}"""


class _App(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>App</title><body></body>")

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """The origin of an app, which is of another site than Mailsink."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _App) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def inviting(app: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A Mailsink that lets the app's pages in."""
    folder: Path = tmp_path_factory.mktemp("inviting")
    server = Mailsink(folder, ALLOWED_ORIGINS=app)
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


def test_it_uses_the_api_and_the_websocket(
    app: str, inviting: Mailsink, page: Page
) -> None:
    send(inviting, plain("For the app"))
    page.goto(app)
    api = f"{inviting.url}/api/v3/messages"
    status, body = page.evaluate(_ASK, [f"{api}/wait?timeout=120", "GET", None])
    assert (status, "For the app" in body) == (200, True)
    changed = page.evaluate(_ASK, [f"{api}/latest", "PATCH", '{"pinned": true}'])
    assert changed[0] == 200
    status, body = page.evaluate(_ASK, [api, "POST", "{}"])
    assert (status, '"detail"' in body) == (415, True)
    assert page.evaluate(_LISTEN, inviting.live) == "hello"
    assert page.evaluate(_ASK, [f"{api}/latest", "DELETE", None])[0] == 204
    assert inviting.get("messages")["items"] == []


def test_it_uses_no_page(app: str, inviting: Mailsink, page: Page) -> None:
    page.goto(app)
    assert page.evaluate(_ASK, [f"{inviting.url}/sessions", "GET", None]) == "failed"
    page.evaluate(_SUBMIT, f"{inviting.url}/test-message")
    page.wait_for_url(f"{inviting.url}/**")
    assert "Foreign origin" in page.content()


def test_another_origin_does_neither(app: str, inviting: Mailsink, page: Page) -> None:
    page.goto(app.replace("localhost", "127.0.0.1"))
    api = f"{inviting.url}/api/v3/messages"
    assert page.evaluate(_ASK, [api, "GET", None]) == "failed"
    assert page.evaluate(_LISTEN, inviting.live) == "refused"
    assert "MAILSINK_ALLOWED_ORIGINS" in inviting.stderr
