"""The origins by which browsers reach the pages: that of MAILSINK_PUBLIC_URL, and of Host.

A proxy may rewrite Host, or add TLS: then only the setting shows the origin, or the
fields that the proxy adds, if it is one of MAILSINK_TRUSTED_PROXIES
(mailsink/web/front.py).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import get_script_prefix

from inbox.access.passkeys import Site
from mailsink.conf import CONFIG


def origin(request: HttpRequest) -> str:
    """Return the origin of the pages, for URLs that are shown or sent."""
    return CONFIG.public_url.origin or _asked(request)


def base_url(request: HttpRequest) -> str:
    """Return the URL of the pages, to be shown to others, with a slash at its end."""
    return f"{origin(request)}{get_script_prefix()}"


def origins(request: HttpRequest) -> list[str]:
    """Return our origins: the public one, and the one of this request."""
    return [each for each in (CONFIG.public_url.origin, _asked(request)) if each]


def _asked(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def passkey_site(request: HttpRequest) -> Site:
    """Return the host that passkeys are valid for, and the origins that may use them."""
    host = urlsplit(origin(request)).hostname or ""
    return Site(host, tuple(origins(request)))
