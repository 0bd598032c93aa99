"""The gate: while there are accounts, it checks every request.

inbox.access.permissions has the table of routes; others are refused. Without accounts,
the gate costs nothing.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext as _

from inbox.access import accounts, auditing, current, permissions, token_scopes
from inbox.access.identity import THROTTLED, Identity
from inbox.access.recognising import identity_of, take_own_cookie
from inbox.access.roles import Role
from inbox.http.origins import origin
from inbox.http.problems import Async, Sync, problem
from inbox.storage import acts

CHALLENGE = 'Bearer realm="Mailsink"'  # RFC 6750 §3
_API = ("/api/", "/mcp")
_RETRY_AFTER = 60  # seconds
_MATCH = "_mailsink_match"  # an attribute of a request


def _unused(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


_sessions = SessionMiddleware(_unused)


@sync_and_async_middleware
def gate(get_response: Any) -> Sync | Async:
    """Middleware: let a request pass, or answer 401, 403, or with the way to the login."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            if not accounts.are_on() and not accounts.is_due():
                return await get_response(request)
            try:
                refused = await sync_to_async(admit)(request)
                response = refused or await get_response(request)
                if _is_read(request, response):
                    await sync_to_async(_audited)(request)
            finally:
                current.leave()
                acts.begin(None)
            if _is_changed(request):
                return await sync_to_async(_kept)(request, response)
            return _private(request, response)

        return answer_async

    def answer(request: HttpRequest) -> Any:
        if not accounts.are_on() and not accounts.is_due():
            return get_response(request)
        try:
            response = admit(request) or get_response(request)
            if _is_read(request, response):
                _audited(request)
        finally:
            current.leave()
            acts.begin(None)
        if _is_changed(request):
            return _kept(request, response)
        return _private(request, response)

    return answer


def admit(request: HttpRequest) -> HttpResponse | None:
    """Return why a request may not pass; None if it may. Raises PermissionDenied."""
    least, allowed = _asked(request)
    take_own_cookie(request)
    if least is Role.PUBLIC:
        _sessions.process_request(request)
        return None
    if not accounts.look_if_due():
        return None
    _sessions.process_request(request)
    caller = identity_of(request)
    current.enter(caller, least or Role.ADMINISTRATOR)
    if not caller.is_known:
        return throttled() if caller is THROTTLED else unknown(request)
    if least is None and allowed:
        return HttpResponseNotAllowed(allowed)
    if least is None or caller.rank < least:
        raise PermissionDenied
    refused = _beyond_scope(request, caller)
    if not refused and (match := _match(request)):
        auditing.begin(request, match, caller)
    return refused


def throttled() -> HttpResponse:
    """Return the answer after too many wrong tokens (RFC 6585 §4)."""
    words = _("Too many wrong tokens came from your address. Wait for a minute.")
    refused = problem(429, words)
    refused["Retry-After"] = str(_RETRY_AFTER)
    return refused


async def refuse_stranger(send: Any) -> None:
    """Answer 401 without a Django request."""
    refused = _challenge()
    headers = [
        (name.lower().encode(), value.encode()) for name, value in refused.items()
    ]
    start = {"type": "http.response.start", "status": 401, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": refused.content})


def unknown(request: HttpRequest) -> HttpResponse:
    """Return the answer for a stranger: the way to the login, or 401 (RFC 9110 §15.5.2)."""
    login = f"{get_script_prefix()}login"
    is_page = not request.path_info.startswith(_API)
    from_page = "HX-Request" in request.headers
    asks_json = "application/json" in request.headers.get("Accept", "")
    if is_page and not from_page and not asks_json:
        back = request.get_full_path() if request.method == "GET" else ""
        return redirect(f"{login}?next={quote(back, safe='/')}" if back else login)
    refused = _challenge()
    if from_page:
        refused["HX-Redirect"] = login
    return refused


def _challenge() -> HttpResponse:
    refused = problem(401, _("Sign in first: this Mailsink has accounts."))
    refused["WWW-Authenticate"] = CHALLENGE
    return refused


def _asked(request: HttpRequest) -> tuple[Role | None, list[str]]:
    """Return the minimum role for a request, and the methods of its route.

    Without a route, anybody who has signed in may get the 404.
    """
    route = _route(request)
    if route is None:
        return Role.SIGNED_IN, []
    methods = permissions.ROUTES.get(route, {})
    return permissions.least(route, request.method or ""), sorted(methods)


def _match(request: HttpRequest) -> ResolverMatch | None:
    """Return the route of a request, which is resolved only once."""
    if not hasattr(request, _MATCH):
        try:
            found = resolve(request.path_info)
        except Resolver404:
            found = None
        setattr(request, _MATCH, found)
    match: ResolverMatch | None = getattr(request, _MATCH)
    return match


def _route(request: HttpRequest) -> str | None:
    match = _match(request)
    return match.route if match else None


def _is_read(request: HttpRequest, response: HttpResponse) -> bool:
    is_audited = acts.current() is not None and accounts.are_on()
    return is_audited and auditing.is_reading(request, response.status_code)


def _audited(request: HttpRequest) -> None:
    if match := _match(request):
        auditing.end(request, match, current.identity())


def _beyond_scope(request: HttpRequest, caller: Identity) -> HttpResponse | None:
    """Return the refusal of a token that does not permit a request (RFC 6750 §3.1), or None."""
    if caller.scopes is None:
        return None
    scope = token_scopes.needed(_route(request) or "", request.method or "")
    if caller.has(scope):
        return None
    if scope == token_scopes.PERSON:
        return problem(403, _("This needs a signed-in user; a token is not enough."))
    words = _("This token does not allow this: it needs the scope %(scope)s.")
    refused = problem(403, words % {"scope": scope})
    refused["WWW-Authenticate"] = (
        f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    )
    return refused


def _is_changed(request: HttpRequest) -> bool:
    return hasattr(request, "session") and request.session.modified


def _kept(request: HttpRequest, response: Any) -> Any:
    """Store the session that the request has changed, and set its cookie."""
    _sessions.process_response(request, response)
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie is not None:
        cookie["path"] = get_script_prefix()
        if origin(request).startswith("https:"):
            cookie["secure"] = True
    return _private(request, response)


def _private(request: HttpRequest, response: Any) -> HttpResponseBase:
    """Keep the answer out of shared caches, and from the next user of the browser."""
    kept: HttpResponseBase = response
    if accounts.are_on() and hasattr(request, "session"):
        patch_vary_headers(kept, ("Cookie",))
        kept.headers.setdefault("Cache-Control", "no-store")
    return kept
