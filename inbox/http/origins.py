"""By which origins browsers reach the pages: what MAILSINK_PUBLIC_URL says, and Host.

A proxy may rewrite Host, or speak TLS where we do not: only the setting tells then.
Nobody is believed about it who sends a request (X-Forwarded-Host).
"""

from __future__ import annotations

from django.http import HttpRequest

from mailsink.conf import CONFIG


def base_url(request: HttpRequest) -> str:
    """Return the address of the pages for who is told it, with a slash at its end."""
    return f"{CONFIG.public_url or _asked(request)}/"


def origins(request: HttpRequest) -> list[str]:
    """Return the origins that are ours: the public one, and the one that was asked."""
    return [each for each in (CONFIG.public_url, _asked(request)) if each]


def _asked(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"
