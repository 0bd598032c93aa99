"""A page of another origin can neither delete, nor send, nor listen."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.releasing import until
from tests.running import Mailsink


@pytest.fixture(scope="module")
def browser(whole_chromium: Browser) -> Browser:
    """What a browser does by itself counts here."""
    return whole_chromium


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
    assert page.evaluate(_LISTEN, mailsink.live) == "closed"

    assert messages(page, mailsink) == before


def test_our_own_page_can_what_the_foreign_one_cannot(
    mailsink: Mailsink, page: Page
) -> None:
    """What the other test does would work, but for the origin."""
    page.goto(f"{mailsink.url}/sessions")
    assert page.evaluate(_LISTEN, mailsink.live).startswith('{"type": "hello"')
    assert page.evaluate(_ASK, [f"{mailsink.url}/test-message", "POST"])[0] == 200
    url = f"{mailsink.url}/api/v3/messages?all=true"
    assert page.evaluate(_ASK, [url, "DELETE"])[0] == 204
    assert messages(page, mailsink) == []


# Each loads the page, or tries to; "done" once all have ended in some way.
_EMBED = """async (url) => {
  const ends = [];
  const add = (tag, attributes) => {
    const node = Object.assign(document.createElement(tag), attributes);
    if (tag === "embed" || tag === "object") node.type = "text/html";
    ends.push(new Promise((done) => { node.onload = node.onerror = done; setTimeout(done, 2000); }));
    document.body.append(node);
  };
  add("iframe", { src: url });
  add("embed", { src: url });
  add("object", { data: url });
  add("img", { src: url });
  add("script", { src: url });
  add("video", { src: url });
  for (const rel of ["prefetch", "prerender", "stylesheet", "icon"]) add("link", { rel, href: url });
  add("link", { rel: "preload", as: "fetch", href: url });
  for (const action of ["prefetch", "prerender"]) {
    add("script", { type: "speculationrules", text: JSON.stringify({ [action]: [{ source: "list", urls: [url] }] }) });
  }
  ends.push(fetch(url, { mode: "no-cors", credentials: "include" }).catch(() => undefined));
  await Promise.all(ends);
}"""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_foreign_page_that_embeds_a_message_does_not_read_it(
    mailsink: Mailsink, page: Page, foreign_port: int, host: str
) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="app.test") as client:
        client.sendmail("a@shop.test", "ann@example.com", "Subject: Unread\r\n\r\nHi")
    [found] = mailsink.get("messages?limit=1")["items"]
    url = f"{mailsink.url}/messages/{found['id']}"
    page.goto(f"http://{host}:{foreign_port}/")
    page.evaluate(_EMBED, url)
    assert not mailsink.get(f"messages/{found['id']}")["read"]
    # A person who follows a link from there has opened it.
    page.goto(url)
    until(lambda: mailsink.get(f"messages/{found['id']}")["read"])
