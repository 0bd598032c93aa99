"""The pages behind a real HAProxy that speaks TLS, or rewrites Host, in a real browser."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mailsink.tls import own_context
from tests.e2e.mail import row, send, until_live
from tests.mails import rich
from tests.programs import environment, program
from tests.running import SERVER_BEHIND, Mailsink

pytestmark = pytest.mark.skipif(bool(SERVER_BEHIND), reason="its proxies are its own")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082"
)
Proxy = Callable[[Mailsink, bool], str]


@contextmanager
def haproxy(
    folder: Path, listening: socket.socket, server: str, *lines: str
) -> Iterator[None]:
    path = program("haproxy", "haproxy")
    pem = folder / "proxy.pem"
    own_context(folder, "localhost")
    pem.write_bytes(
        (folder / "tls-cert.pem").read_bytes() + (folder / "tls-key.pem").read_bytes()
    )
    config = folder / "haproxy.cfg"
    config.write_text(
        "defaults\n mode http\n timeout connect 9s\n timeout client 60s\n"
        " timeout server 60s\n timeout tunnel 60s\n"
        f"listen web\n bind fd@{listening.fileno()} ssl crt {pem}\n"
        + "".join(f" {line}\n" for line in lines)
        + f" server mailsink {server}\n"
    )
    process = subprocess.Popen(
        [path, "-db", "-f", str(config)],
        env=environment(path),
        pass_fds=[listening.fileno()],
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("rewritten", "told"),
    [
        pytest.param(False, False, id="host kept, not told"),
        pytest.param(True, True, id="host rewritten, told"),
        pytest.param(False, True, id="host kept, told", marks=pytest.mark.long),
        pytest.param(
            True, False, id="host rewritten, not told", marks=pytest.mark.long
        ),
    ],
)
def test_behind_a_proxy(
    start_mailsink: Callable[..., Mailsink],
    browser: Browser,
    tmp_path: Path,
    rewritten: bool,
    told: bool,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        public = f"https://localhost:{listening.getsockname()[1]}"
        server = start_mailsink(**({"PUBLIC_URL": public} if told else {}))
        upstream = server.url.removeprefix("http://")
        lines = [f"http-request set-header Host {upstream}"] * rewritten
        html = '<p>Logo <img src="cid:logo" alt="logo">'
        send(server, rich("Behind a proxy", html, PNG))
        with haproxy(tmp_path, listening, upstream, *lines):
            context = browser.new_context(ignore_https_errors=True)
            page = context.new_page()
            page.goto(public)
            if told:
                works(page)
            else:
                says_what_to_set(page, public)
            context.close()


def works(page: Page) -> None:
    until_live(page)
    expect(page.locator("#wrong-origin")).to_be_hidden()
    row(page, "Behind a proxy").get_by_role("link").click()
    page.get_by_role("tab", name="Preview").click()
    logo = page.frame_locator("[data-frame]").locator("img")
    expect(logo).to_have_js_property("naturalWidth", 1)
    page.get_by_role("button", name="Bug").click()
    expect(row(page, "Behind a proxy").get_by_text("found a bug")).to_be_attached()


def says_what_to_set(page: Page, public: str) -> None:
    warning = page.get_by_role("alert").filter(has_text="MAILSINK_PUBLIC_URL")
    expect(warning).to_contain_text(f"Start it with MAILSINK_PUBLIC_URL={public}")
    page.goto(f"{public}/settings")
    page.get_by_label("My addresses").fill("ann@*")
    page.locator("#browser").get_by_role("button", name="Save").click()
    expect(page.get_by_text("set MAILSINK_PUBLIC_URL")).to_be_visible()
