"""The only place that identifies the caller of a request or websocket.

Any other proof of identity (a share link) is added to `_caller`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from inbox.access import accounts, api_tokens
from inbox.access.identity import EVERYBODY, STRANGER, Identity
from inbox.access.memberships import of_user
from inbox.models import User

_KEPT = "_mailsink_identity"  # an attribute of a request
_SESSION_KEY = re.compile(r"[a-z0-9]{8,40}")
_COOKIE = re.compile(rf"(?:^|;)\s*{settings.SESSION_COOKIE_NAME}=([^;]*)")


def identity_of(request: HttpRequest) -> Identity:
    """Return the caller of a request. With accounts, this takes one to three queries, once."""
    if not accounts.look_if_due():
        return EVERYBODY
    kept: Identity | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = _caller(request)
        setattr(request, _KEPT, kept)
    return kept


def take_own_cookie(request: HttpRequest) -> None:
    """Reduce a request's session cookies to that of the Mailsink at our path.

    Browsers send the cookie of the longest path first (RFC 6265 §5.4), and Django takes
    the last, of another Mailsink at a path above ours. PostgreSQL rejects NUL: a key
    that cannot be ours is dropped.
    """
    sent = _COOKIE.search(request.META.get("HTTP_COOKIE", ""))
    key = sent[1].strip() if sent else ""
    if _SESSION_KEY.fullmatch(key):
        request.COOKIES[settings.SESSION_COOKIE_NAME] = key
    else:
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)


def forget(request: HttpRequest) -> None:
    """Identify the caller of a request again: somebody has signed in or out."""
    if hasattr(request, _KEPT):
        delattr(request, _KEPT)


async def identity_of_scope(scope: Mapping[str, Any]) -> Identity:
    """Return the caller of a websocket or request, from the ASGI scope."""
    if not accounts.are_on() and not accounts.is_due():
        return EVERYBODY
    found: Identity = await database_sync_to_async(
        _identity_of_headers, thread_sensitive=False
    )(scope["headers"], (scope.get("client") or [""])[0])
    return found


def _identity_of_headers(
    headers: Iterable[tuple[bytes, bytes]], address: str
) -> Identity:
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = address
    for name, value in headers:
        field = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        request.META[field] = value.decode("latin-1")
    take_own_cookie(request)
    return identity_of(request)


def _caller(request: HttpRequest) -> Identity:
    token = api_tokens.presented(request.headers.get("Authorization", ""))
    if token is not None:  # a cookie does not make up for a wrong token
        return api_tokens.identity(token, request.META.get("REMOTE_ADDR", ""))
    if not hasattr(request, "session"):
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = user = get_user(request)
    return of_user(user) if isinstance(user, User) and user.is_active else STRANGER
