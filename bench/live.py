"""From the wire to the screen: the time until a browser shows a client's line."""

from __future__ import annotations

import smtplib
import time

from playwright.sync_api import Page

from bench.servers import load, rate, serving, watching
from bench.table import Row, p95

_LINES = 500
_EVERY = 1 / 50  # seconds between two lines
_LAST_MS = 3000  # milliseconds until the last one must be there

# Notes when each line was first in the document, in Unix milliseconds.
_WATCH = """() => {
  window.seen = {};
  new MutationObserver(() => {
    const now = Date.now();
    for (const row of document.querySelectorAll("table.transcript tbody tr")) {
      const line = /line-\\d+-/.exec(row.textContent)?.[0];
      if (line && !(line in window.seen)) window.seen[line] = now;
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def measure() -> list[Row]:
    """Send lines on a connection whose page is open, with 50 others each second."""
    with serving() as mailsink, smtplib.SMTP(*mailsink.smtp) as client:
        client.ehlo()
        with watching(f"{mailsink.url}/sessions") as page:
            page.locator("[data-live] li a").first.click()
            page.wait_for_selector("table.transcript tbody tr")
            page.evaluate(_WATCH)
            seconds = _LINES * _EVERY
            others = load(
                mailsink.smtp,
                *("--messages", str(int(50 * seconds)), "--each", "1", "--rate", "50"),
            )
            sent = _send(client, page)
            came = rate(others)
            page.wait_for_timeout(_LAST_MS)
            seen = page.evaluate("window.seen")
    late = [seen[name] / 1000 - at for name, at in sent.items() if name in seen]
    shown = f"{p95(late)}, {len(late)} of {_LINES} seen"
    return [Row(f"wire to screen, p95, at {came:.0f} sessions/s", shown, "100 ms")]


def _send(client: smtplib.SMTP, page: Page) -> dict[str, float]:
    """Send the lines; return when each was, in Unix seconds."""
    sent = {}
    began = time.monotonic()
    for number in range(_LINES):
        page.wait_for_timeout(
            max(0.0, began + number * _EVERY - time.monotonic()) * 1000
        )
        name = f"line-{number}-"
        sent[name] = time.time()
        client.docmd("NOOP", name)
    return sent
