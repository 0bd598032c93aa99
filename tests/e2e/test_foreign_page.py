"""A page of another origin can neither delete, nor send, nor listen."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from tests.running import Mailsink


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Foreign</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def foreign_port() -> Iterator[int]:
    """A web server that is not ours."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


_ASK = """async ([url, method]) => {
  const ask = (options) => fetch(url, options).then((answer) => answer.status, () => "blocked");
  return [
    await ask({ method, credentials: "include" }),
    await ask({ method, mode: "no-cors", body: method === "POST" ? "x" : undefined }),
  ];
}"""
_FORM = """async ([url]) => {
  const frame = document.createElement("iframe");
  frame.name = "hidden";
  const form = Object.assign(document.createElement("form"), { method: "post", action: url, target: "hidden" });
  const loaded = new Promise((done) => { frame.onload = done; });
  document.body.append(frame, form);
  await loaded;
  const answered = new Promise((done) => { frame.onload = done; });
  form.submit();
  await answered;
}"""
_LISTEN = """(url) => new Promise((done) => {
  const socket = new WebSocket(url);
  socket.onmessage = (message) => done(message.data);
  socket.onclose = () => done("closed");
})"""


def messages(page: Page, mailsink: Mailsink) -> list[str]:
    """Return the subjects there are, asked for as a command line does."""
    answer = page.request.get(f"{mailsink.url}/api/v3/messages")
    return [each["subject"] for each in answer.json()["items"]]


@pytest.mark.parametrize("host", ["127.0.0.1", "foreign.localhost", "localhost"])
def test_foreign_page_can_do_nothing(
    mailsink: Mailsink, page: Page, foreign_port: int, host: str
) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="app.test") as client:
        client.sendmail("a@shop.test", "ann@example.com", f"Subject: {host}\r\n\r\nHi")
    before = messages(page, mailsink)
    assert host in before
    page.goto(f"http://{host}:{foreign_port}/")

    api = f"{mailsink.url}/api/v3/messages"
    for url, method in (
        (f"{api}?all=true", "DELETE"),
        (api, "POST"),
        (f"{mailsink.url}/test-message", "POST"),
    ):
        assert set(page.evaluate(_ASK, [url, method])) <= {"blocked", 403, 0}
    page.evaluate(_FORM, [f"{mailsink.url}/test-message"])
    live = mailsink.url.replace("http", "ws") + "/ws/live"
    assert page.evaluate(_LISTEN, live) == "closed"

    assert messages(page, mailsink) == before


def test_our_own_page_can_what_the_foreign_one_cannot(
    mailsink: Mailsink, page: Page
) -> None:
    """What the other test does would work, but for the origin."""
    page.goto(f"{mailsink.url}/sessions")
    live = mailsink.url.replace("http", "ws") + "/ws/live"
    assert page.evaluate(_LISTEN, live).startswith('{"type": "hello"')
    assert page.evaluate(_ASK, [f"{mailsink.url}/test-message", "POST"])[0] == 200
    url = f"{mailsink.url}/api/v3/messages?all=true"
    assert page.evaluate(_ASK, [url, "DELETE"])[0] == 204
    assert messages(page, mailsink) == []
