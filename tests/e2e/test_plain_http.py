"""By plain HTTP from another machine, browsers do not say who asks; we know it all the same."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.e2e.conftest import launched
from tests.e2e.mail import until_live
from tests.e2e.people import set_up, sign_in
from tests.running import SERVER_BEHIND, Mailsink

HOST = "mail.example"  # as if elsewhere: browsers do not trust it as they do localhost
ASKED = "/api/v1/message/latest"  # which marks the message read

pytestmark = pytest.mark.skipif(bool(SERVER_BEHIND), reason="a host of its own")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    data: Path = tmp_path_factory.mktemp("plain") / "data"
    set_up(data)
    found = Mailsink(data, ALLOWED_HOSTS=HOST)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def elsewhere(playwright: Playwright) -> Iterator[Browser]:
    """A browser for which the server is another machine."""
    rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
    with launched(playwright, "chromium-headless-shell", rules) as browser:
        yield browser


@pytest.fixture
def url(server: Mailsink) -> str:
    return f"http://{HOST}:{urlsplit(server.url).port}"


@pytest.fixture
def page(elsewhere: Browser, url: str) -> Iterator[Page]:
    """A page of an administrator."""
    context = elsewhere.new_context()
    page = context.new_page()
    sign_in(page, url)
    yield page
    context.close()


def _send(server: Mailsink, subject: str, html: str = "Hi") -> None:
    mail = f"Subject: {subject}\r\nContent-Type: text/html\r\n\r\n{html}\r\n"
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("a@b.test", ["c@d.test"], mail)


@pytest.fixture
def other_port() -> Iterator[Callable[[str], int]]:
    """Serves a page on a port of the same host."""
    with ExitStack() as stack:

        def serve(html: str) -> int:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html")
                    self.end_headers()
                    self.wfile.write(html.encode())

                def log_message(self, *_: object) -> None:
                    """Say nothing."""

            found = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            Thread(target=found.serve_forever, args=(0.01,)).start()
            stack.callback(found.shutdown)
            return found.server_port

        yield serve


def test_a_printed_mail_asks_for_nothing_with_the_rights_of_its_reader(
    page: Page, server: Mailsink, url: str
) -> None:
    until_live(page)
    _send(server, "Pictures", f'<p>Hello</p><img src="{url}{ASKED}">')
    page.get_by_role("link", name="Pictures").first.click()  # our own script shows it
    page.get_by_role("link", name="Load images").click()
    expect(page.locator("[data-print][href*='images=all']")).to_be_attached()
    with page.expect_response(lambda found: ASKED in found.url) as answered:
        page.locator("[data-print]").first.dispatch_event("click")
    head = answered.value.request.all_headers()
    assert "cookie" in head
    assert not any(name.startswith("sec-fetch") for name in head)
    assert answered.value.status == 403


@pytest.mark.parametrize("policy", ["no-referrer", "unsafe-url"])
def test_a_page_on_another_port_asks_without_the_cookies_of_its_visitor(
    page: Page,
    server: Mailsink,
    url: str,
    other_port: Callable[[str], int],
    policy: str,
) -> None:
    _send(server, f"Unread {policy}")
    asking = f'<script src="{url}{ASKED}" referrerpolicy="{policy}"></script>'
    with page.expect_request(lambda found: ASKED in found.url):
        page.goto(f"http://{HOST}:{other_port(asking)}/", wait_until="load")
    page.goto(f"{url}/api/v3/messages/latest")
    shown = json.loads(page.locator("body").inner_text())
    assert shown["subject"] == f"Unread {policy}"
    assert shown["read"] is False
