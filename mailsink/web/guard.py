"""The ASGI layer around the app: refuses by the rules, and adds security headers.

A view's own header of the same name (the mail frame's policy) stays unchanged. The
server asks for the refusal before it reads a body, so that no refused client's body is
read.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from mailsink.web import cross_origin
from mailsink.web.front import SENT_HOST, Front
from mailsink.web.request_rules import (
    AHEAD_FIELDS,
    API,
    PARTS_PATH,
    SOCKETS,
    HttpRefusal,
    RequestHead,
    Rules,
    header,
)

log = logging.getLogger(__name__)

AsgiScope = MutableMapping[str, Any]
AsgiMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]
App = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]
Answered = tuple[Fields, bytes]  # headers and body

# No page has inline scripts or styles, so no nonce is needed.
_CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _CSP,
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"x-dns-prefetch-control": b"off",  # of the hosts that links in mail name
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
_ONLY_HTTPS: Fields = [(b"strict-transport-security", b"max-age=31536000")]
# The frame that shows parts has no origin, so it counts as another origin.
_PARTS_HEADERS = {**_HEADERS, b"cross-origin-resource-policy": b"cross-origin"}


# All methods that any address accepts. Only API v3 sees other methods: its answer names
# the methods of the address.
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_TAKES_ANY = "/api/v3/"
_METHOD = re.compile(r"[A-Z]{1,20}")
_SHOWN = 60  # characters of a method that is none of these, or of an origin
_AHEAD = frozenset(name.lower().encode() for name in AHEAD_FIELDS)
_NO_HOST = HttpRefusal(400, "Bad Request", "The Host field of the request is empty.")
_NO_SOCKET = HttpRefusal(
    426,
    "Upgrade Required",
    "This is the address of a websocket, but the request is an ordinary one. A proxy "
    "in front of Mailsink must pass on the fields Upgrade and Connection.",
)
# A body without mail is small: forms, changes, lists of ids.
_MAX_FORM = 2 * 1024 * 1024
# A call of a tool is smaller still, and is parsed on the loop that receives mail.
_MAX_CALL, _TOOLS = 64 * 1024, "/mcp"
RETRY_AFTER = b"5"  # seconds
_MESSAGES, _IMPORT = "/api/v3/messages", "/import"
_MAIL_PATHS = (_MESSAGES, "/api/v1/send", _IMPORT)
MBOX = "application/mbox"


def imports_many(scope: AsgiScope) -> bool:
    """Whether a request, as returned by seen(), may bring thousands of messages."""
    if scope["method"] != "POST" or scope["path"] not in (_MESSAGES, _IMPORT):
        return False
    kind = header(scope["headers"], b"content-type").partition(";")[0]
    return scope["path"] == _IMPORT or kind.strip().lower() == MBOX


class Guard:
    """Wraps an ASGI app for http and websocket.

    max_mail: the most octets of a request with a message; 0: no limit. The scopes that
    the methods take come from seen().
    """

    def __init__(
        self, app: App, rules: Rules, max_mail: int = 0, front: Front | None = None
    ) -> None:
        self.app = app
        self.rules = rules
        self.max_mail = max_mail
        self.front = front or Front()
        self.owns_host = _owns_host(rules.public_url)

    def seen(self, scope: AsgiScope) -> AsgiScope:
        """Return a scope of the server as its client made the request (see Front)."""
        return self.front.seen(scope)

    def refusal(self, scope: AsgiScope) -> HttpRefusal | None:
        """Return the refusal of a request, judged by its head, or None."""
        if any(
            name == b"host" and not value.strip() for name, value in scope["headers"]
        ):
            return _NO_HOST
        if scope["type"] == "http" and not _is_method(scope["method"], scope["path"]):
            return _no_such_method(scope["method"])
        return self.rules.judge(_request(scope))

    def room(self, scope: AsgiScope) -> int:
        """Return how many octets the body of a request may have."""
        if scope["method"] == "POST" and scope["path"] in _MAIL_PATHS:
            return self.max_mail or sys.maxsize
        return _MAX_CALL if scope["path"] == _TOOLS else _MAX_FORM

    def answer(self, scope: AsgiScope, refusal: HttpRefusal) -> Answered:
        """Return the headers and the body that answer a refused request."""
        headers, body = answer(refusal, scope["path"])
        return [*headers, *self._to_others(scope)], body

    def _to_others(self, scope: AsgiScope) -> Fields:
        return cross_origin.headers(self.rules, scope["path"], scope["headers"])

    def _transport(self, scope: AsgiScope) -> Fields:
        """Return the field that keeps browsers on https (RFC 6797) if we own the host."""
        secure = scope.get("scheme") == "https" and self.owns_host
        return _ONLY_HTTPS if secure else []

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        scope = self.seen(scope)
        refusal = self.refusal(scope)
        scope = self._without_cookies(scope)
        if scope["type"] == "websocket":
            if refusal:
                _log_refusal(refusal, header(scope["headers"], b"origin"))
                await send({"type": "websocket.close", "code": 1008})
            else:  # Channels would look for root_path in the path
                await self.app({**scope, "root_path": ""}, receive, send)
            return
        more = [*self._to_others(scope), *self._transport(scope)]
        send = _with_headers(send, scope["path"], more)
        if refusal:
            await _answer(send, refusal.status, *answer(refusal, scope["path"]))
        elif not scope["path"]:
            await _answer(send, 307, [(b"location", _with_slash(scope))])
        elif scope["path"] in SOCKETS:
            await _answer(send, 426, *answer(_NO_SOCKET, scope["path"]))
        elif self._is_preflight(scope):
            await _answer(send, 204, cross_origin.preflight(scope["headers"]))
        else:
            await self.app(scope, receive, send)

    def _without_cookies(self, scope: AsgiScope) -> AsgiScope:
        """Return the scope of a request, without cookies if it is from another origin.

        Browsers send our cookies from pages on another port of the same host, and with
        a websocket. Such a page could read its frames with the rights of the signed-in
        user.
        """
        if not self.rules.is_foreign(_request(scope)):
            return scope
        kept = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
        return {**scope, "headers": kept}

    def _is_preflight(self, scope: AsgiScope) -> bool:
        """Whether an allowed page of another origin asks for permission (CORS)."""
        headers = scope["headers"]
        return cross_origin.is_preflight(scope["method"], headers) and (
            self.rules.invites(header(headers, b"origin"), scope["path"])
        )


def _owns_host(public_url: str) -> bool:
    """Whether Mailsink owns a whole https host; others may use other paths of it.

    On localhost there are also the user's other applications.
    """
    public = urlsplit(public_url)
    name = public.hostname or "localhost"
    return (
        public.scheme == "https"
        and public.path in ("", "/")
        and name != "localhost"
        and not name.endswith(".localhost")
    )


def _log_refusal(refusal: HttpRefusal, origin: str) -> None:
    """Log why a page has no live view: a browser does not show the reason."""
    page = origin[:_SHOWN] or "an unknown origin"
    if refusal.status == 403:
        log.warning(
            "A websocket was refused to a page of %s. If the page is Mailsink's, set "
            "MAILSINK_PUBLIC_URL; else see MAILSINK_ALLOWED_ORIGINS",
            page,
        )
    else:
        log.warning(
            "A websocket was refused to a page of %s: see MAILSINK_ALLOWED_HOSTS", page
        )


def _with_slash(scope: AsgiScope) -> bytes:
    """Return the address of the inbox, with a slash: the base of all others."""
    query = scope.get("query_string", b"")
    path = f"{scope['root_path']}/".encode()
    return path + b"?" + query if query else path


def _is_method(method: str, path: str) -> bool:
    """Whether the app accepts a request with this method."""
    if path.startswith(_TAKES_ANY):
        return bool(_METHOD.fullmatch(method))
    return method in METHODS


def _no_such_method(method: str) -> HttpRefusal:
    """Return the refusal of an unknown method.

    Methods are case-sensitive (RFC 9110 §9.1): `get` is none, although Django takes it.
    """
    return HttpRefusal(
        501,
        "Not Implemented",
        f"{method[:_SHOWN]!r} is not a method that Mailsink knows: "
        f"{', '.join(METHODS)}, in capital letters.",
    )


def _request(scope: AsgiScope) -> RequestHead:
    headers = scope["headers"]
    websocket = scope["type"] == "websocket"
    scheme = scope.get("scheme") or "http"  # servers omit it for websockets
    return RequestHead(
        method="WEBSOCKET" if websocket else scope["method"],
        scheme={"ws": "http", "wss": "https"}.get(scheme, scheme),
        path=scope["path"],
        host=header(headers, b"host"),
        origin=header(headers, b"origin"),
        fetch_site=header(headers, b"sec-fetch-site"),
        fetch_mode=header(headers, b"sec-fetch-mode"),
        fetch_dest=header(headers, b"sec-fetch-dest"),
        ahead=any(name in _AHEAD for name, _ in headers),
        accept=header(headers, b"accept"),
        referer=header(headers, b"referer"),
        user_agent=header(headers, b"user-agent"),
        webhook_id=header(headers, b"webhook-id"),
        sent_host=scope.get(SENT_HOST, ""),
    )


def _with_headers(send: Send, path: str, more: Fields) -> Send:
    defaults = _PARTS_HEADERS if PARTS_PATH.fullmatch(path) else _HEADERS

    async def send_with_headers(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            given += [pair for pair in defaults.items() if pair[0] not in names]
            message = {**message, "headers": [*given, *more]}
        await send(message)

    return send_with_headers


async def _answer(send: Send, status: int, headers: Fields, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def too_large(room: int) -> HttpRefusal:
    """Return the refusal of a body that is larger than `room`, in octets."""
    return HttpRefusal(
        413,
        "Content Too Large",
        f"The body of this request may have at most {room:,} octets. The body of a "
        "request with a message may be twice as large as MAILSINK_MAX_MESSAGE_SIZE.",
    )


def answer(refusal: HttpRefusal, path: str) -> Answered:
    """Return the headers and the body of a refusal, in the API as problem JSON."""
    if path.startswith(API):
        content_type = b"application/problem+json"
        problem = {
            "type": "about:blank",
            "title": refusal.title,
            "status": refusal.status,
            "detail": refusal.detail,
        }
        body = json.dumps(problem).encode()
    else:
        content_type = b"text/plain; charset=utf-8"
        body = f"{refusal.title}. {refusal.detail}\n".encode()
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
    ]
    if refusal.status == 503:
        headers.append((b"retry-after", RETRY_AFTER))
    if refusal.status == 426:  # RFC 9110 §15.5.22
        headers.append((b"upgrade", b"websocket"))
    return headers, body
