"""The inbox in a browser: 100,000 messages to scroll, and 1,000 arriving a second."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack

from playwright.sync_api import Page

from bench.servers import serving, temporary_folder, watching
from bench.table import Row
from tests.e2e.test_inbox_large import BATCH, Feed
from tests.large import store_messages

_STORED = 100_000
_SCROLLED = {"through all": 8_000, "as by hand": 400}  # pixels in a frame
_ARRIVING = 20_000  # messages, at 1,000 a second
_PAUSE = BATCH / 1000  # seconds

_SCROLL = """(step) => new Promise((done) => {
  const pane = document.getElementById("scroller");
  const rows = document.getElementById("entries").children;
  const frames = [];
  let last = performance.now();
  let most = 0;
  const tick = (now) => {
    frames.push(now - last);
    last = now;
    most = Math.max(most, rows.length);
    const before = pane.scrollTop;
    pane.scrollTop += step;
    const there = pane.scrollTop === before && pane.textContent.includes("Stored 0");
    if (there || (step < 1000 && frames.length === 1000)) done({ frames, most });
    else requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})"""
_WATCH = """() => {
  window.frames_ = [];
  let last = performance.now();
  const tick = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


def measure() -> list[Row]:
    """Measure an open inbox."""
    return [*_scrolling(), *_arriving()]


def _scrolling() -> list[Row]:
    rows = []
    with ExitStack() as stack:
        data = stack.enter_context(temporary_folder())
        store_messages(data, _STORED)
        mailsink = stack.enter_context(serving(data))
        page = stack.enter_context(watching(mailsink.url))
        page.wait_for_selector('[data-lamp="live"]')
        before = _heap(page)
        for how, step in _SCROLLED.items():
            page.evaluate("document.getElementById('scroller').scrollTop = 0")
            found = page.evaluate(_SCROLL, step)
            seconds = sum(found["frames"]) / 1000
            what = f"frame, 100,000 messages scrolled {how} ({seconds:.0f} s), p99"
            rows.append(Row(what, _p99(found["frames"]), "34 ms"))
        page.wait_for_timeout(1000)
        rows.append(Row("rows in the page meanwhile, most", str(found["most"]), ""))
        grown = (_heap(page) - before) / 1e6
    return [*rows, Row("memory of the tab grown by it", f"{grown:.0f} MB", "bounded")]


def _arriving() -> list[Row]:
    """Measure a feed of 1,000 messages a second, in the form of the server's."""
    feed = Feed(alike=False)
    with serving() as mailsink, watching(mailsink.url) as page:
        page.route_web_socket("**/ws/live", feed.connect)
        page.reload()
        page.wait_for_selector('[data-lamp="live"]')
        page.evaluate(_WATCH)
        heaps = []
        began = time.monotonic()
        for number in range(_ARRIVING // BATCH):
            feed.send_batch(number)
            due = began + (number + 1) * _PAUSE - time.monotonic()
            page.wait_for_timeout(max(0, due * 1000))
            if number in (_ARRIVING // BATCH // 2, _ARRIVING // BATCH - 1):
                heaps.append(_heap(page))
        pace = _ARRIVING / (time.monotonic() - began)
        frames = page.evaluate("frames_.splice(0)")
        first = page.locator("#entries > li").first
        shown = int(first.get_attribute("aria-setsize") or 0)
    grown = (heaps[1] - heaps[0]) / 1e6
    return [
        Row(f"frame while {pace:.0f} messages/s arrive, p99", _p99(frames), "50 ms"),
        Row("messages counted in the end", f"{shown:,} of {_ARRIVING:,}", "all"),
        Row("memory of the tab grown by 10,000 of them", f"{grown:.0f} MB", "bounded"),
    ]


def _heap(page: Page) -> int:
    """Return the octets that scripts hold, after a garbage collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used


def _p99(frames: list[float]) -> str:
    *_, high = statistics.quantiles(frames, n=100)
    return f"{high:.0f} ms (median {statistics.median(frames):.0f})"
