"""One real browser for all tests of this folder; each test has a page of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.programs import program
from tests.running import SERVER_BEHIND

# How long to wait at most, in ms: a busy machine is no failure.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)
_QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # nginx has a certificate of its own making
    *(["--ignore-certificate-errors"] if SERVER_BEHIND else []),
]

_KEPT_BY_PAGES = "local_storage,indexeddb,cache_storage,service_workers"


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright. By package: its event loop must not meet those of async tests."""
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def launched(playwright: Playwright, name: str, *flags: str) -> Iterator[Browser]:
    """Yield a browser; flags: others than all have."""
    browser = playwright.chromium.launch(
        executable_path=program(name, name), args=[*_QUIET_BROWSER, *flags]
    )
    browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium without its windows, which takes a third of the time for a page.

    And without a process for each page, which takes as long as what the page does.
    """
    few = "--renderer-process-limit=1"
    with launched(playwright, "chromium-headless-shell", few) as browser:
        yield browser


@pytest.fixture(scope="package")
def whole_chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as people have it, which also fetches ahead, prerenders and shows PDFs."""
    with launched(playwright, "chromium") as browser:
        yield browser


@pytest.fixture(scope="module")
def _context(browser: Browser) -> Iterator[BrowserContext]:
    """What the pages of a module share: it keeps the scripts and styles that it has loaded."""
    context = browser.new_context(ignore_https_errors=bool(SERVER_BEHIND))
    yield context
    context.close()


@pytest.fixture
def page(_context: BrowserContext) -> Iterator[Page]:
    """A page of its own, without anything from earlier pages.

    An error in a script of the page fails the test.
    """
    page = _context.new_page()
    _forget(page)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    for each in _context.pages:
        each.close()
    assert not errors


def _forget(page: Page) -> None:
    """Leave a page what those before it loaded, and nothing else: no cookie, no kept value."""
    cdp = page.context.new_cdp_session(page)
    cdp.send(
        "Storage.clearDataForOrigin", {"origin": "*", "storageTypes": _KEPT_BY_PAGES}
    )
    cdp.detach()
    page.context.clear_cookies()
    page.context.clear_permissions()
