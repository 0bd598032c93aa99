"""From the wire to the screen: how long a client's line takes into the browser's page."""

from __future__ import annotations

import socket
import time

from bench.servers import serving, watching
from bench.table import Row, p95

_SESSIONS = 500
_EVERY = 1 / 50  # seconds
_LAST_MS = 3000  # until the last one must be there, milliseconds

# Notes when each session's name was first in the document, in Unix milliseconds.
_WATCH = """() => {
  window.seen = {};
  new MutationObserver(() => {
    const now = Date.now();
    for (const row of document.querySelectorAll("[data-sessions] li")) {
      const name = /line-\\d+/.exec(row.textContent)?.[0];
      if (name && !(name in window.seen)) window.seen[name] = now;
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def measure() -> list[Row]:
    with serving() as mailsink, watching(f"{mailsink.url}/sessions") as page:
        page.evaluate(_WATCH)
        sent: dict[str, float] = {}
        clients = []
        began = time.monotonic()
        for number in range(_SESSIONS):
            page.wait_for_timeout(
                max(0.0, began + number * _EVERY - time.monotonic()) * 1000
            )
            client = socket.create_connection(mailsink.smtp)
            client.recv(1000)
            name = f"line-{number}"
            sent[name] = time.time()
            client.sendall(f"EHLO {name}.test\r\n".encode())
            clients.append(client)
            if len(clients) > 50:
                clients.pop(0).close()
        page.wait_for_timeout(_LAST_MS)
        seen = page.evaluate("window.seen")
        for client in clients:
            client.close()
    late = [seen[name] / 1000 - at for name, at in sent.items() if name in seen]
    shown = f"{p95(late)}, {len(late)} of {_SESSIONS} seen"
    return [Row("wire to screen, p95, at 50 sessions/s", shown, "100 ms")]
