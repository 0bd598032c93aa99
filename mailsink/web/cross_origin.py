"""Answers to pages of other origins, where a setting invites them (CORS; Fetch §3.3).

Such a page sends a token if one is needed, and never cookies: no answer allows them.
"""

from __future__ import annotations

from mailsink.web.request_rules import API, Rules, header

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
# Fields that a page may send, of those that it may not send unasked
_SENT = (
    b"Accept, Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, "
    b"Last-Event-ID, X-Requested-With"
)
# Fields that a page may read, of those that it may not read unasked
_READ = b"Content-Disposition, ETag, Link, Location, Retry-After"
_REMEMBERED = b"600"  # seconds for which a browser does not ask again
_ASKS_METHOD = b"access-control-request-method"
_ASKS_PRIVATE = b"access-control-request-private-network"


def is_preflight(method: str, given: Headers) -> bool:
    """Whether a browser asks if a page may make the request that follows."""
    return method == "OPTIONS" and any(name == _ASKS_METHOD for name, _ in given)


def headers(rules: Rules, path: str, given: Headers) -> Headers:
    """Return what the answer to a request with these headers says of other origins."""
    if not rules.allowed_origins or not path.startswith(API):
        return []
    vary = [(b"vary", b"Origin")]  # for caches: others get other answers
    origin = header(given, b"origin")
    if not rules.invites(origin, path):
        return vary
    return [
        *vary,
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _READ),
    ]


def preflight(given: Headers) -> Headers:
    """Return what the answer to a preflight of a page that is invited says besides."""
    found = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _SENT),
        (b"access-control-max-age", _REMEMBERED),
    ]
    # A page of the web asks for what is in a private network, or on its own machine
    if header(given, _ASKS_PRIVATE) == "true":
        found.append((b"access-control-allow-private-network", b"true"))
    return found
