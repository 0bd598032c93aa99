"""Whether a person opens what a browser asks for, and no page has it loaded or embedded."""

from __future__ import annotations

from django.http import HttpRequest

from inbox.http.origins import origins
from mailsink.web.request_rules import AHEAD_FIELDS, BROWSER


def is_ahead(request: HttpRequest) -> bool:
    """Whether it is prefetched or prerendered."""
    return any(name in request.headers for name in AHEAD_FIELDS)


def is_navigation(request: HttpRequest) -> bool:
    """Whether a browser says that a person goes there, in a tab."""
    place = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    return not is_ahead(request) and place == ("navigate", "document")


def is_opened(request: HttpRequest) -> bool:
    """Whether a person opens it, or a program or page of ours asks for it."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in ("cross-site", "same-site"):
        return is_navigation(request)
    return not is_ahead(request)


def is_led_here(request: HttpRequest) -> bool:
    """Whether a page of others, or a mail, may have led a browser here.

    One that sends no Sec-Fetch fields says by Referer alone that it was a page of ours.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("cross-site", "same-site")
    if not request.headers.get("User-Agent", "").startswith(BROWSER):
        return False
    page = request.headers.get("Referer", "")
    return not any(page.startswith(f"{each}/") for each in origins(request))
