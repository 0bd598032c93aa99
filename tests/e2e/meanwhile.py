"""Requests that are held back, and events that wait for what a user does first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from re import Pattern

from playwright.sync_api import APIResponse, Page, Route

# Runs window.before just before the page takes the next message of its websocket.
BEFORE_THE_NEXT_EVENT = """
  const Native = WebSocket;
  window.WebSocket = class extends Native {
    constructor(...values) {
      super(...values);
      this.addEventListener("message", () => {
        const act = window.before;
        window.before = null;
        act?.();
      });
    }
  };
"""

_PROBE = re.compile(r"/health/live\?held$")
_ASK_FOR_PROBE = """async () => {
  const root = document.documentElement.dataset.root ?? "/";
  return (await fetch(`${location.origin}${root}health/live?held`)).text();
}"""
_HANDLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


class Held:
    """One request that the server does not get, or whose answer the page does not get, yet."""

    route: Route | None = None

    def let_go(self, page: Page, status: int | None = None) -> None:
        """Answer it, and wait until the page has taken the answer; status: of a failure."""
        if status:
            self._held.fulfill(status=status)
            self._held.request.response()  # nobody reads its body
            page.evaluate(_HANDLED)
        else:
            self._held.continue_()
            self._taken(page)

    def refuse(self) -> None:
        """Let the server not be reached."""
        self._held.abort()

    def ask(self) -> APIResponse:
        """Return what the server answers now; the page does not get it yet."""
        return self._held.fetch()

    def answer(self, page: Page, response: APIResponse) -> None:
        self._held.fulfill(response=response)
        self._taken(page)

    @property
    def _held(self) -> Route:
        assert self.route
        return self.route

    def _taken(self, page: Page) -> None:
        if response := self._held.request.response():
            response.finished()
        page.evaluate(_HANDLED)


@contextmanager
def held(page: Page, url: str | Pattern[str]) -> Iterator[Held]:
    """Hold the next request for a URL, which is made within."""
    one = Held()
    with page.expect_request(url):
        _route_from_now_on(page)
        page.route(url, lambda route: setattr(one, "route", route), times=1)
        yield one
    while one.route is None:
        page.evaluate("0")  # Playwright tells of a request before it hands it over


def _route_from_now_on(page: Page) -> None:
    """Let all requests of a page go by its routes, while it is open.

    A busy page learns of its first route late, after keys and clicks that come meanwhile.
    Its requests go to the server until then, and Playwright reports none of them. A page
    that loads anew knows its routes from the start.
    """
    page.route(_PROBE, lambda route: route.fulfill(body="held"))
    while page.url != "about:blank" and page.evaluate(_ASK_FOR_PROBE) != "held":
        pass
