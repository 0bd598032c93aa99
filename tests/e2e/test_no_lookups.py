"""Opening a mail makes the browser look up no name and connect to nobody.

A policy does not govern hints and frames, so that the browser's own log of its network
is read. Its profile is an ordinary one: Playwright's switches would turn hints off.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Playwright, expect

from tests.e2e.conftest import PATIENCE
from tests.e2e.mail import send
from tests.programs import program
from tests.running import SERVER_BEHIND, Mailsink

# {host} becomes a name of its own for each.
WAYS = {
    "iframe": '<iframe src="http://{host}/"></iframe>',
    "srcdoc": '<iframe srcdoc="&lt;link rel=preconnect href=http://{host}/>"></iframe>',
    "object": '<object data="http://{host}/"></object>',
    "embed": '<embed src="http://{host}/">',
    "preconnect": '<link rel=preconnect href="http://{host}/">',
    "prefetched": '<link rel=dns-prefetch href="http://{host}/">',
    "stylesheet": '<link rel=stylesheet href="http://{host}/">',
    "base": '<base href="http://{host}/"><img src=a>',
    "refresh": '<meta name=">" http-equiv=refresh content="0;url=http://{host}/">',
    "svg-style": "<svg><style><p><link rel=preconnect href='http://{host}/'></style></svg>",
    "svg-title": "<svg><title><link rel=preconnect href='http://{host}/'></title></svg>",
    "math": "<math><style><p></p><link rel=preconnect href='http://{host}/'></style></math>",
    "cdata": "<svg><![CDATA[><link rel=preconnect href='http://{host}/'>]]></svg>",
    "comment": "<!--><link rel=preconnect href='http://{host}/'>-->",
    "space": "<style>\xa0</style\xa0><link rel=preconnect href='http://{host}/'></style>",
    "noscript": "<noscript><link rel=preconnect href='http://{host}/'></noscript>",
    "template": "<div><template shadowrootmode=open>"
    "<link rel=preconnect href='http://{host}/'></template></div>",
    "select": "<select><link rel=preconnect href='http://{host}/'></select>",
    "slash": "<link/rel=preconnect/href='http://{host}/'>",
    "link": "<a href='http://{host}/'>away</a>",
    "image": "<img src='http://{host}/'><video poster='http://{host}/'></video>",
    "css": "<style>@import 'http://{host}/';</style>",
}
# What a policy alone does not hold back: without these the test would prove nothing.
BEYOND_A_POLICY = {
    "iframe",
    "preconnect",
    "prefetched",
    "svg-style",
    "svg-title",
    "math",
}


# Documents, beside the HTML of the mail.
MARKUP = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml")


def _attached(kind: str) -> str:
    return f"{kind}\r\nContent-Disposition: attachment"


def _mail(html: str) -> bytes:
    """Return a message with HTML, which is also in attachments of each kind of MARKUP."""
    head = "Subject: Reaching\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    kinds = ("text/html; charset=utf-8", *map(_attached, MARKUP))
    parts = (f"--b\r\nContent-Type: {each}\r\n\r\n{html}\r\n" for each in kinds)
    return f"{head}\r\n{''.join(parts)}--b--\r\n".encode()


def _open_everywhere(page: Page, messages: str) -> None:
    """Open what the API has of a message; a file is saved, which ends the visit."""
    for path in ("html", "text", "raw", "case", *(f"parts/{n}" for n in range(1, 6))):
        try:
            page.goto(f"{messages}/{path}")
        except Error as error:
            if not re.search("Download is starting|ERR_ABORTED", str(error)):
                raise


def _html(suffix: str, port: int) -> str:
    """Return HTML with each way, whose names end in suffix, and one to a port of ours."""
    ways = (way.format(host=f"{name}.{suffix}.test") for name, way in WAYS.items())
    return f"""{"".join(f"<div>{way}</div>" for way in ways)}
        <link rel=preconnect href="http://127.0.0.1:{port}/"><p>The end</p>"""


@contextmanager
def _serving(html: str) -> Iterator[str]:
    """Yield the URL of a page that is protected by a policy alone."""
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _ordinary_browser(
    playwright: Playwright, profile: Path, log: Path
) -> Iterator[Page]:
    """Yield a page of a browser without Playwright's switches; it logs its network."""
    arguments = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--remote-debugging-pipe", f"--user-data-dir={profile}", f"--log-net-log={log}",
    ]  # fmt: skip
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=program("chromium", "chromium"),
        ignore_default_args=True,
        args=arguments,
        ignore_https_errors=bool(SERVER_BEHIND),
    )
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()  # which writes the rest of the log


def _looked_up(log: Path, suffix: str) -> set[str]:
    return set(re.findall(rf"([a-z-]+)\.{suffix}\.test", log.read_text()))


def test_opening_a_mail_looks_up_no_name(
    mailsink: Mailsink, playwright: Playwright, tmp_path: Path
) -> None:
    log = tmp_path / "net.json"
    with (
        socket.create_server(("127.0.0.1", 0)) as canary,
        socket.create_server(("127.0.0.1", 0)) as control,
        _serving(_html("control", control.getsockname()[1])) as unprotected,
        _ordinary_browser(playwright, tmp_path / "profile", log) as page,
    ):
        send(mailsink, _mail(_html("mail", canary.getsockname()[1])))
        found = mailsink.get("messages/latest")["id"]
        page.goto(f"{mailsink.url}/messages/{found}", wait_until="networkidle")
        end = page.frame_locator("#panel iframe").get_by_text("The end", exact=True)
        expect(end).to_be_visible()
        _open_everywhere(page, f"{mailsink.url}/api/v3/messages/{found}")
        # Once the browser has done all of this here, it had its time to do it there.
        deadline = time.monotonic() + 300
        while not _looked_up(log, "control") >= BEYOND_A_POLICY:
            assert time.monotonic() < deadline, _looked_up(log, "control")
            page.goto(unprotected, wait_until="networkidle")
        control.settimeout(120)
        control.accept()[0].close()
        canary.setblocking(False)
        with pytest.raises(BlockingIOError):
            canary.accept()
    assert _looked_up(log, "mail") == set()
