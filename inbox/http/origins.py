"""By which origins browsers reach the pages: what MAILSINK_PUBLIC_URL says, and Host.

A proxy may rewrite Host, or speak TLS where we do not: only the setting shows it then, or
what the proxy says of it, if it is one of MAILSINK_TRUSTED_PROXIES (mailsink/web/front.py).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import get_script_prefix

from inbox.access.passkeys import Site
from mailsink.conf import CONFIG


def origin(request: HttpRequest) -> str:
    """Return the origin of the pages, for addresses that are shown or sent."""
    return CONFIG.public_url.origin or _asked(request)


def base_url(request: HttpRequest) -> str:
    """Return the address of the pages, to be shown to others, with a slash at its end."""
    return f"{origin(request)}{get_script_prefix()}"


def origins(request: HttpRequest) -> list[str]:
    """Return the origins that are ours: the public one, and the one that was asked."""
    return [each for each in (CONFIG.public_url.origin, _asked(request)) if each]


def _asked(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def passkey_site(request: HttpRequest) -> Site:
    """Return for which host passkeys are good, and whose pages may ask for them."""
    host = urlsplit(origin(request)).hostname or ""
    return Site(host, tuple(origins(request)))
