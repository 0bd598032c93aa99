"""Mailsink below /a/b/ behind a real nginx with TLS, which rewrites Host, in a real browser.

`make subpath` runs all tests of this folder so; these are a share of each kind. nginx runs as
docs/proxies.md has it, and passes the path on or takes it away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import behind
from tests.e2e.mail import open_inbox, row, send, until_live
from tests.e2e.people import make, passkey_device, set_up, sign_in, sign_out
from tests.e2e.wire import Wire
from tests.mails import plain, rich
from tests.running import SERVER_BEHIND, Mailsink

pytestmark = pytest.mark.skipif(bool(SERVER_BEHIND), reason="its proxies are its own")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082"
)
_POLICY = "Content Security Policy"
# Resolves once all are open; `heard` once each has heard of a message.
_LISTEN = """([sockets, stream]) => {
  const source = new EventSource(stream);
  const open = [new Promise((done) => source.addEventListener("subscribed", done))];
  const heard = [new Promise((done) => source.addEventListener("message.created", done))];
  for (const url of sockets) {
    const socket = new WebSocket(url);
    open.push(new Promise((done) => { socket.onopen = done; }));
    heard.push(new Promise((done) => { socket.onmessage = done; }));
  }
  window.heard = Promise.all(heard);
  return Promise.all(open).then(() => {});
}"""
_FETCH = """async ([path, method]) => {
  const answer = await fetch(path, { method });
  return [answer.status, await answer.text()];
}"""


@pytest.fixture(
    scope="module", params=["strip", pytest.param("keep", marks=pytest.mark.long)]
)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mailsink]:
    """A Mailsink behind nginx."""
    folder = tmp_path_factory.mktemp(request.param)
    server = Mailsink(folder, behind=request.param, OUTGOING="yes")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


@contextmanager
def watched(browser: Browser, server: Mailsink) -> Iterator[Page]:
    """Yield a page. A request beside the path, an error of a script or of a policy, is wrong."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    wrong: list[str] = []
    host = urlsplit(server.url).netloc

    def look(url: str) -> None:
        asked = urlsplit(url)
        if asked.netloc == host and not asked.path.startswith(behind.PATH):
            wrong.append(url)

    page.on("request", lambda request: look(request.url))
    page.on("websocket", lambda socket: look(socket.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: _POLICY in said.text and wrong.append(said.text))
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def page(browser: Browser, served: Mailsink) -> Iterator[Page]:
    with watched(browser, served) as page:
        yield page


def test_a_message_with_its_frame_and_picture(served: Mailsink, page: Page) -> None:
    open_inbox(served, page)
    html = '<p>Logo <img src="cid:logo" alt="logo">'
    send(served, rich("Arrives live", html, PNG))
    row(page, "Arrives live").get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"{served.url}/messages/[-0-9a-f]+$"))
    page.get_by_role("tab", name="Preview").click()
    logo = page.frame_locator("[data-frame]").locator("img")
    expect(logo).to_have_js_property("naturalWidth", 1)
    page.get_by_role("button", name="Bug").click()
    expect(row(page, "Arrives live").get_by_text("found a bug")).to_be_attached()
    page.reload()
    expect(page.locator("h1, h2").filter(has_text="Arrives live")).to_be_visible()
    page.go_back()
    kept = {each["name"]: each for each in page.context.cookies()}
    for name in ("mailsink_zone", "mailsink_tab"):
        assert (kept[name]["path"], kept[name]["secure"]) == (behind.PATH, True)


def test_a_transcript_while_it_goes_on(served: Mailsink, page: Page) -> None:
    with Wire(served.smtp) as client:
        client.say("EHLO live.shop.test")
        page.goto(f"{served.url}/sessions")
        live = page.locator("[data-live] li", has_text="live.shop.test")
        live.get_by_role("link").click()
        until_live(page)
        client.say("MAIL FROM:<a@shop.test>")
        lines = page.locator("table.transcript tbody tr")
        expect(lines.last).to_contain_text("250 2.1.0")
        refusal = client.say("RCPT TO:<rcpt550@example.com>")
    (why,) = re.findall(r"\(why: (\S+)\)", refusal)
    assert why.startswith(f"{served.url}/s/")
    page.goto(why)
    expect(page.locator("tr[aria-current=true]")).to_contain_text("RCPT TO")


def test_search_rules_and_settings(served: Mailsink, page: Page) -> None:
    send(served, plain("Found by its words"), plain("Of no interest"))
    open_inbox(served, page)
    page.keyboard.press("/")
    page.keyboard.type("subject:words")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.url}/?q=subject%3Awords")
    expect(row(page, "Found by its words")).to_be_visible()
    expect(row(page, "Of no interest")).to_have_count(0)
    page.goto(f"{served.url}/rules")
    page.get_by_role("link", name="Add a rule").first.click()
    expect(page).to_have_url(f"{served.url}/rules/new")
    page.goto(f"{served.url}/settings")
    page.get_by_label("My addresses").fill("ann@*")
    page.locator("#browser").get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(f"{served.url}/settings\\?saved=mine"))
    page.get_by_role("link", name="Mine").click()
    expect(row(page, "Found by its words")).to_be_visible()


def test_what_is_saved(served: Mailsink, page: Page, tmp_path: Path) -> None:
    send(served, plain("To be kept"))
    page.goto(f"{served.url}/messages/latest")
    with page.expect_download() as saved:
        page.locator("#more-summary").click()
        page.get_by_role("link", name=re.compile("Case file|Report")).click()
    saved.value.save_as(tmp_path / "case.html")
    case = (tmp_path / "case.html").read_text()
    assert "To be kept" in case
    assert not re.search(r"""(href|src)=["']/""", case)
    path = f"{behind.PATH}api/v3/messages/archive?all=true&format=mbox"
    status, archive = page.evaluate(_FETCH, [path, "GET"])
    assert (status, "To be kept" in archive) == (200, True)


def test_the_apis(served: Mailsink, page: Page) -> None:
    send(served, plain("Asked for"))
    page.goto(f"{served.url}/api/v3/docs")
    page.locator(".opblock-summary-control", has_text="Get a message").first.click()
    call = page.locator(".opblock.is-open")
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    answer = call.locator(".live-responses-table")
    expect(answer).to_contain_text("Asked for")
    for path in ("api/v1/messages", "api/v2/messages"):
        status, body = page.evaluate(_FETCH, [f"{behind.PATH}{path}", "GET"])
        assert (status, "Asked for" in body) == (200, True), path
    page.goto(f"{served.url}/view/latest")
    expect(page).to_have_url(re.compile(f"{served.url}/messages/[-0-9a-f]+$"))


def test_what_others_ask_for(served: Mailsink, page: Page) -> None:
    page.goto(f"{served.url}/settings")
    for path in ("livez", "readyz", "health/live", "health/ready"):
        status, _ = page.evaluate(_FETCH, [f"{behind.PATH}{path}", "GET"])
        assert status == 200, path
    _, document = page.evaluate(_FETCH, [f"{behind.PATH}api/v3/openapi.json", "GET"])
    assert json.loads(document)["servers"] == [{"url": behind.PATH.rstrip("/")}]


def test_what_others_listen_to(served: Mailsink, page: Page) -> None:
    page.goto(f"{served.url}/settings")
    below = served.url.replace("https", "wss", 1)
    sockets = [f"{below}/api/events", f"{below}/api/v2/websocket"]
    page.evaluate(_LISTEN, [sockets, f"{behind.PATH}api/v3/events"])
    send(served, plain("Heard of"))
    page.evaluate("() => window.heard.then(() => {})")


@pytest.mark.parametrize("how", behind.HOW)
def test_who_signs_in_stays_below_the_path(
    start_mailsink: Callable[..., Mailsink], tmp_path: Path, browser: Browser, how: str
) -> None:
    server = start_mailsink(behind=how)
    send(server, plain("For a guest"))
    message = server.get("messages/latest")["id"]
    set_up(tmp_path / "data")
    with watched(browser, server) as page:
        passkeys = passkey_device(page)
        sign_in(page, server.url)
        page.goto(f"{server.url}/account/second-factors")
        page.get_by_label("Name of a new passkey").fill("laptop")
        page.get_by_role("button", name="Add passkey").click()
        page.get_by_role("link", name="Done").click()
        assert [each["rpId"] for each in passkeys()] == ["localhost"]
        sign_out(page, server.url)
        page.goto(f"{server.url}/sessions?code=5xx")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page).to_have_url(f"{server.url}/sessions?code=5xx")
        kept = {each["name"]: each for each in page.context.cookies()}
        session = kept["mailsink_session"]
        assert (session["path"], session["secure"]) == (behind.PATH, True)
        links = [
            make(page, server.url, "shares", message=message),
            make(page, server.url, "invitations", inboxes=["default"], role="viewer"),
        ]
    with watched(browser, server) as guest:
        guest.goto(links[0])
        expect(guest.get_by_role("heading", name="For a guest")).to_be_visible()
        guest.goto(links[1])
        guest.get_by_label("Name").fill("ann")
        guest.get_by_label("Password").fill("battery staple 7")
        guest.get_by_role("button", name="Make account").click()
        expect(guest).to_have_url(f"{server.url}/")


def test_the_metrics_are_kept_inside(served: Mailsink, page: Page) -> None:
    """Mailsink takes a path away once more that the proxy has taken away."""
    for path in ("metrics", "a/b/metrics"):
        assert page.request.get(f"{served.url}/{path}").status == 404
    served.post("inboxes", slug="metrics")  # which is no secret
    assert page.request.get(f"{served.url}/api/v3/inboxes/metrics").ok
