"""Answers to pages of other origins that a setting allows (CORS; Fetch §3.3).

Such a page sends a token if one is needed, but never cookies: no answer allows them.
"""

from __future__ import annotations

from mailsink.web.request_rules import API, Rules, header

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
# Request fields that need permission, and that a page may send
_SENT = (
    b"Accept, Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, "
    b"Last-Event-ID, X-Requested-With"
)
# Response fields that need permission, and that a page may read
_READ = b"Content-Disposition, ETag, Link, Location, Retry-After"
_REMEMBERED = b"600"  # seconds for which a browser does not ask again
_ASKS_METHOD = b"access-control-request-method"
_ASKS_PRIVATE = b"access-control-request-private-network"


def is_preflight(method: str, given: Headers) -> bool:
    """Whether a browser asks for permission to send a page's request."""
    return method == "OPTIONS" and any(name == _ASKS_METHOD for name, _ in given)


def headers(rules: Rules, path: str, given: Headers) -> Headers:
    """Return the fields for other origins in the answer to a request."""
    if not rules.allowed_origins or not path.startswith(API):
        return []
    vary = [(b"vary", b"Origin")]  # for caches: other origins get other answers
    origin = header(given, b"origin")
    if not rules.invites(origin, path):
        return vary
    return [
        *vary,
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _READ),
    ]


def preflight(given: Headers) -> Headers:
    """Return the other fields of the answer to an allowed page's preflight."""
    found = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _SENT),
        (b"access-control-max-age", _REMEMBERED),
    ]
    # A public page asks for an address in a private network, or on the user's machine.
    if header(given, _ASKS_PRIVATE) == "true":
        found.append((b"access-control-allow-private-network", b"true"))
    return found
