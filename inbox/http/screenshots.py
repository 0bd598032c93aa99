"""Pictures of HTML by a headless Chromium, which runs nothing in it and loads nothing for it."""

from __future__ import annotations

import os
import shutil
import threading
from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings

from inbox.errors import UserError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserType, Page, Route

Scheme = Literal["light", "dark"]

NARROWEST, WIDEST = 100, 2000  # pixels
_HIGHEST = 8000  # pixels; a longer page is cut
_HEIGHT = 600  # pixels at first
_MOST_ASKED = 2  # pictures: one that is taken, and one that waits for its turn
_MILLISECONDS = 10_000  # for each step
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
    "This Mailsink takes no pictures: it needs Chromium, which MAILSINK_CHROMIUM may name, and "
    "the extra screenshot: pip install 'django-mailsink[screenshot]'"
)

_asked = threading.BoundedSemaphore(_MOST_ASKED)
_taking = threading.Lock()
_pictures: OrderedDict[str, bytes] = OrderedDict()


class NoPictures(UserError):
    """No picture can be taken here."""

    status = 501


class TooManyPictures(UserError):
    """Others wait for their pictures already."""

    status = 503


def take(key: str, html: str, width: int, scheme: Scheme) -> bytes:
    """Return HTML as a PNG, all of its height up to 8,000 pixels.

    key: names what is shown, and how. Raises NoPictures, TooManyPictures.
    """
    if key in _pictures:
        return _pictures[key]
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
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise NoPictures(_NO_PROGRAM) from None
    try:
        with ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(
                executable_path=_program(playwright.chromium),
                args=_ARGUMENTS,
                chromium_sandbox=os.geteuid() != 0,  # which root cannot have
                timeout=_MILLISECONDS,
            )
            stack.callback(browser.close)
            page = browser.new_page(
                viewport={"width": width, "height": _HEIGHT},
                color_scheme=scheme,
                java_script_enabled=False,
                service_workers="block",
            )
            page.set_default_timeout(_MILLISECONDS)
            return _picture(page, html, width)
    except Error as error:
        first = str(error).partition("\n")[0][:200]
        raise NoPictures(f"Chromium took no picture: {first}") from None


def _program(chromium: BrowserType) -> str:
    """Return the path of Chromium: the one that is named, or the first that is found."""
    if settings.CONFIG.chromium:
        return str(settings.CONFIG.chromium)
    for found in (*map(shutil.which, _PROGRAMS), chromium.executable_path):
        if found and Path(found).exists():
            return found
    raise NoPictures(_NO_PROGRAM)


def _picture(page: Page, html: str, width: int) -> bytes:
    def answer(route: Route) -> None:
        if route.request.url != _URL:
            route.abort()
            return
        headers = {"Content-Security-Policy": _POLICY}
        body = html.encode("utf-8", "replace")
        kind = "text/html; charset=utf-8"
        route.fulfill(body=body, content_type=kind, headers=headers)

    page.route("**/*", answer)
    page.goto(_URL, wait_until="load")
    metrics: dict[str, Any] = page.context.new_cdp_session(page).send(
        "Page.getLayoutMetrics"
    )
    height = int(metrics["cssContentSize"]["height"])
    size = max(1, min(height, _HIGHEST))
    page.set_viewport_size({"width": width, "height": size})
    return page.screenshot(animations="disabled", caret="hide")
