"""A mail's HTML loads its own pictures and nothing else, and runs nothing."""

from __future__ import annotations

import base64
import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.e2e.canary import Canary, tapped
from tests.e2e.mail import open_inbox, row, send
from tests.mails import plain, rich
from tests.releasing import until
from tests.running import Mailsink

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)

# {canary}: another server. {ours}: this Mailsink, by its absolute address; {path}: by its path.
HOSTILE = """
<html><head><title>Hostile</title>
<base href="{canary}/base/">
<meta http-equiv="refresh" content="0; url={canary}/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="stylesheet" href="{canary}/style.css">
<link rel="preload" as="image" href="{canary}/preload.png">
<link rel="prefetch" href="{canary}/prefetch">
<link rel="icon" href="{canary}/icon.png">
<link rel="stylesheet" href="{path}/static/css/base.css">
<style>
@import url("{canary}/import.css");
@font-face {{ font-family: spy; src: url("{canary}/font.woff2"); }}
body {{ font-family: spy; background: url("{canary}/background.png"); }}
p::after {{ content: url("{ours}/messages/{other}"); }}
</style>
<script src="{canary}/script.js"></script>
<script>fetch("{canary}/inline"); top.document.title = "owned"</script>
</head><body background="{canary}/attribute.png" onload="fetch('{canary}/onload')">
<img src="cid:logo" id="logo" alt="">
<p>text</p>
<img src="{canary}/image.png"><img srcset="{canary}/srcset.png 1x">
<picture><source srcset="{canary}/source.png"><img src="{canary}/picture.png"></picture>
<img src="x" onerror="fetch('{canary}/onerror')">
<img src="{path}/messages/{other}"><img src="{path}/trash"><img src="{ours}/entries">
<img src="{ours}/messages/{other}/frame"><img src="{path}/api/v3/messages/{other}/raw">
<img src="parts/../../../entries">
<form id="form" action="{path}/messages/{other}/delete" method="post">
<button id="submit">Win</button></form>
<form action="{canary}/form"><input type="image" src="{canary}/input.png"></form>
<iframe src="{canary}/iframe"></iframe><iframe src="{path}/messages/{other}"></iframe>
<iframe srcdoc="<img src='{canary}/srcdoc.png'><script>parent.parent.x=1</script>"></iframe>
<object data="{canary}/object"></object><embed src="{canary}/embed">
<video src="{canary}/video.mp4" poster="{canary}/poster.png" autoplay></video>
<audio src="{canary}/audio.mp3" autoplay></audio>
<svg><image href="{canary}/svg.png"/><use href="{canary}/use.svg#a"/>
<script>fetch("{canary}/svgscript")</script></svg>
<table background="{canary}/table.png"><tr><td>cell</td></tr></table>
<div style="background: url({canary}/inline-style.png)">styled</div>
<a id="leave" href="{canary}/leave" target="_top">leave</a>
<a id="script" href="javascript:top.document.title='owned'" target="_self">run</a>
</body></html>
"""


def test_hostile_html_requests_only_its_own_picture(
    mailsink: Mailsink, page: Page, browser: Browser
) -> None:
    send(mailsink, plain("The first mail of an inbox opens by itself"))
    with Canary() as canary, tapped(mailsink) as tap:
        other = _send_and_find(mailsink, page, plain("The other one"), "The other one")
        path = urlsplit(tap.url).path
        urls = {"canary": canary.url, "ours": tap.url, "path": path}
        _is_bad_without_protection(browser, urls)
        hostile = HOSTILE.format(**urls, other=other)
        found = _send_and_find(mailsink, page, rich("Bad", hostile, PNG), "Bad")
        before = len(tap.requests)
        # networkidle: whatever was to be asked for was asked for.
        page.goto(f"{tap.url}/messages/{found}", wait_until="networkidle")
        frame = page.frame_locator("#panel iframe")
        expect(frame.locator("p", has_text="text")).to_be_visible()
        frame.locator("#leave").click()
        frame.locator("#submit").click()
        frame.locator("#script").click()
        page.wait_for_load_state("networkidle")

        assert canary.paths == []
        expect(page).to_have_title(re.compile(r"^(\(\d+\) )?Bad · Mailsink$"))
        assert page.url == f"{tap.url}/messages/{found}"
        message = f"GET {path}/messages/{found}"
        parts = re.compile(f"{message}/parts/[^/]+$")
        # Boxes of the page around the frame are fetched again once it is live.
        of_page = ("marks", "attempts", "checks", "reports")
        boxes = {f"{message}/{box}" for box in of_page}
        asked = [
            each for each in tap.requests[before:] if not _is_of_the_page(each, path)
        ]
        others = [each for each in asked if not parts.match(each) and each not in boxes]
        assert others == [message, f"{message}/frame"]
        assert len([each for each in asked if parts.match(each)]) == 1
        expect(frame.locator("#logo")).to_have_js_property("naturalWidth", 1)
    open_inbox(mailsink, page)
    expect(row(page, "The other one").locator(".dot")).to_be_visible()  # never opened


def _is_of_the_page(request: str, below: str) -> bool:
    """Whether Mailsink's own page, around the frame, asks for this. below: its path"""
    paths = (
        "/static/",
        "/ws/live",
        "/api/v3/info",
        "/entries?q=",
        "/counts",
        "/api/v3/tags",
    )
    return request.startswith(tuple(f"GET {below}{path}" for path in paths))


def _is_bad_without_protection(browser: Browser, urls: dict[str, str]) -> None:
    """See a canary of its own sing, so that the silence of the other means something."""
    expected = {"/image.png", "/script.js", "/inline", "/iframe", "/import.css"}
    with Canary() as canary:
        html = HOSTILE.format(**urls | {"canary": canary.url}, other="")
        page = browser.new_page()
        page.goto(f"{canary.url}/open")
        page.set_content(html.replace("http-equiv", "name"))
        until(lambda: expected <= set(canary.paths))
        page.close()


def _send_and_find(server: Mailsink, page: Page, message: bytes, subject: str) -> str:
    open_inbox(server, page)
    send(server, message)
    found = row(page, subject)
    expect(found).to_be_visible()
    return found.get_attribute("data-id") or ""


def test_links_open_in_a_tab_of_their_own(mailsink: Mailsink, page: Page) -> None:
    with Canary() as canary:
        html = f'<a href="{canary.url}/wanted">Go</a>'
        found = _send_and_find(mailsink, page, rich("Link", html), "Link")
        page.goto(f"{mailsink.url}/messages/{found}")
        with page.expect_popup() as popup:
            page.frame_locator("#panel iframe").locator("a").click()
        popup.value.wait_for_load_state()
        assert canary.paths[0] == "/wanted"
        assert popup.value.evaluate("document.referrer") == ""
        assert popup.value.evaluate("window.opener") is None
