"""An inbox in a real browser, and what its page was sent."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, expect

_RECORD = """
window.watched = { created: {}, twice: 0, resyncs: 0, closed: 0 };
window.WebSocket = class extends WebSocket {
  constructor(...words) {
    super(...words);
    this.addEventListener("close", () => { watched.closed += 1; });
    this.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "resync") watched.resyncs += 1;
      for (const { event, id } of frame.events ?? []) {
        if (event !== "message.created") continue;
        if (id in watched.created) watched.twice += 1;
        watched.created[id] = Date.now() / 1000;
      }
    });
  }
};
"""


class Onlooker:
    """A page that is live from its making on."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._page = browser.new_context().new_page()
        self._errors: list[str] = []
        self._page.on("pageerror", lambda error: self._errors.append(str(error)))
        self._page.add_init_script(_RECORD)
        self._page.goto(url)
        self.wait_until_live()

    def wait_until_live(self) -> None:
        lamp = self._page.locator('[data-lamp="live"]')
        expect(lamp).to_be_attached(timeout=120_000)

    def wait_for_first(self) -> None:
        """Wait until a message came live."""
        some = "() => Object.keys(watched.created).length > 0"
        self._page.wait_for_function(some, timeout=120_000)

    def wait_for_count(self, messages: int, seconds: float) -> None:
        """Wait until the page says that there are so many."""
        badge = self._page.locator("[data-count=messages]").first
        expect(badge).to_have_text(f"{messages:,}", timeout=seconds * 1000)

    def look(self) -> dict[str, Any]:
        """Return what came.

        created: when each message came as new, in Unix seconds, by its id. twice: how many
        came again. resyncs: how often it was to load again. closed: how often its
        connection ended. errors: of its scripts
        """
        found: dict[str, Any] = self._page.evaluate("watched")
        return {**found, "errors": self._errors}
