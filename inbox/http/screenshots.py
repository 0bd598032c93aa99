"""Pictures of HTML, taken with a headless Chromium that runs and loads nothing of the HTML."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections import OrderedDict
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings

from inbox.errors import UserError

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserType, Page, Playwright, Route

Scheme = Literal["light", "dark"]

NARROWEST, WIDEST = 100, 2000  # pixels
_HIGHEST = 8000  # pixels; a longer page is cut off
_HEIGHT = 600  # initial height in pixels
_MOST_ASKED = 2  # pictures: one that is being taken, and one that waits
_SECONDS = 20.0  # for the whole picture
_FAREWELL = 5.0  # seconds for the browser to end
_KEPT = 8  # pictures
_KEPT_OCTETS = 2 * 1024 * 1024  # of each
_URL = "http://mail.invalid/"  # RFC 6761 §6.4: no server has this name
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; sandbox"
)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
_NO_PROGRAM = (
    "This Mailsink cannot take pictures: it needs Chromium, which MAILSINK_CHROMIUM "
    "can name, and the extra screenshot: pip install 'django-mailsink[screenshot]'"
)

_asked = threading.BoundedSemaphore(_MOST_ASKED)
_taking = threading.Lock()
_pictures: OrderedDict[str, bytes] = OrderedDict()


class NoPictures(UserError):
    """No picture can be taken here."""

    status = 501


class TooManyPictures(UserError):
    """Other callers already wait for their pictures."""

    status = 503


def take(key: str, html: str, width: int, scheme: Scheme) -> bytes:
    """Return HTML as a PNG, with its full height up to 8,000 pixels.

    key: identifies the content and the display. Raises NoPictures, TooManyPictures.
    """
    if (known := _pictures.get(key)) is not None:
        return known
    if not _asked.acquire(blocking=False):
        raise TooManyPictures("other pictures are being taken; try again later")
    try:
        with _taking:
            picture = _taken(html, width, scheme)
            if len(picture) <= _KEPT_OCTETS:
                _pictures[key] = picture
            while len(_pictures) > _KEPT:
                _pictures.popitem(last=False)
    finally:
        _asked.release()
    return picture


def _taken(html: str, width: int, scheme: Scheme) -> bytes:
    """Return a picture. The browser is gone afterwards, whatever the HTML does to it."""
    try:
        from playwright.async_api import Error
    except ImportError:
        raise NoPictures(_NO_PROGRAM) from None
    try:
        return asyncio.run(_within_time(html, width, scheme))
    except TimeoutError:
        words = f"Chromium took no picture within {_SECONDS:g} seconds"
        raise NoPictures(words) from None
    except Error as error:
        first = str(error).partition("\n")[0][:200]
        raise NoPictures(f"Chromium took no picture: {first}") from None


async def _within_time(html: str, width: int, scheme: Scheme) -> bytes:
    """Return a picture. Raises TimeoutError, since some steps have no timeout of their own."""
    from playwright.async_api import async_playwright

    async with AsyncExitStack() as stack:
        started = async_playwright()
        async with asyncio.timeout(_SECONDS):
            playwright = await started.start()
            stack.push_async_callback(_end, playwright)
            browser = await _browser(playwright)
            stack.push_async_callback(_close, browser)
            page = await browser.new_page(
                viewport={"width": width, "height": _HEIGHT},
                color_scheme=scheme,
                java_script_enabled=False,
                service_workers="block",
            )
            return await _picture(page, html, width)


async def _browser(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(
        executable_path=_program(playwright.chromium),
        args=_ARGUMENTS,
        chromium_sandbox=os.geteuid() != 0,  # root cannot have a sandbox
    )


async def _close(browser: Browser) -> None:
    """Close a browser. If it hangs, it is killed when playwright ends."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL):
            await browser.close()


async def _end(playwright: Playwright) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL):
            await playwright.stop()


def _program(chromium: BrowserType) -> str:
    """Return the path of Chromium: the configured one, or the first one found."""
    if settings.CONFIG.chromium:
        return str(settings.CONFIG.chromium)
    for found in (*map(shutil.which, _PROGRAMS), chromium.executable_path):
        if found and Path(found).exists():
            return found
    raise NoPictures(_NO_PROGRAM)


async def _picture(page: Page, html: str, width: int) -> bytes:
    async def answer(route: Route) -> None:
        if route.request.url != _URL:
            await route.abort()
            return
        headers = {"Content-Security-Policy": _POLICY}
        body = html.encode("utf-8", "replace")
        kind = "text/html; charset=utf-8"
        await route.fulfill(body=body, content_type=kind, headers=headers)

    await page.route("**/*", answer)
    await page.goto(_URL, wait_until="load")
    session = await page.context.new_cdp_session(page)
    metrics: dict[str, Any] = await session.send("Page.getLayoutMetrics")
    height = int(metrics["cssContentSize"]["height"])
    size = max(1, min(height, _HIGHEST))
    await page.set_viewport_size({"width": width, "height": size})
    return await page.screenshot(animations="disabled", caret="hide")
