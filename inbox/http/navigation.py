"""Whether a person opens the requested page, or another page loads it."""

from __future__ import annotations

from django.http import HttpRequest

from inbox.http.origins import origins
from mailsink.web.request_rules import AHEAD_FIELDS, BROWSER


def is_ahead(request: HttpRequest) -> bool:
    """Whether the page is prefetched or prerendered."""
    return any(name in request.headers for name in AHEAD_FIELDS)


def is_navigation(request: HttpRequest) -> bool:
    """Whether a person navigates to the page in a tab, according to the browser."""
    place = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    return not is_ahead(request) and place == ("navigate", "document")


def is_opened(request: HttpRequest) -> bool:
    """Whether a person opens the page, or a program or a page of ours requests it."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in ("cross-site", "same-site"):
        return is_navigation(request)
    return not is_ahead(request)


def is_led_here(request: HttpRequest) -> bool:
    """Whether a foreign page, or a mail, may have led a browser here.

    From a browser without Sec-Fetch fields, only the Referer shows that it was our
    page.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("cross-site", "same-site")
    if not request.headers.get("User-Agent", "").startswith(BROWSER):
        return False
    page = request.headers.get("Referer", "")
    return not any(page.startswith(f"{each}/") for each in origins(request))
