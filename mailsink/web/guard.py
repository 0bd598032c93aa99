"""The ASGI layer around the app: refuses by the rules, and adds security headers.

A view's own header of the same name (the mail frame's policy) is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mailsink.web.rules import PARTS_PATH, Refusal, Request, Rules, header

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# No inline script or style anywhere in the pages: so no nonce is needed.
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
# The frame that shows them has no origin, and so is of another one.
_PARTS_HEADERS = {**_HEADERS, b"cross-origin-resource-policy": b"cross-origin"}


class Guard:
    """Wraps an ASGI app for http and websocket."""

    def __init__(self, app: App, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self.rules.judge(_request(scope))
        if scope["type"] == "websocket":
            if refusal:
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self.app(scope, receive, send)
            return
        send = _with_headers(send, scope["path"])
        if refusal:
            await _refuse(refusal, scope["path"], send)
        else:
            await self.app(scope, receive, send)


def _request(scope: Scope) -> Request:
    headers = scope["headers"]
    websocket = scope["type"] == "websocket"
    scheme = scope.get("scheme") or "http"  # servers leave it out for websockets
    return Request(
        method="WEBSOCKET" if websocket else scope["method"],
        scheme={"ws": "http", "wss": "https"}.get(scheme, scheme),
        path=scope["path"],
        host=header(headers, b"host"),
        origin=header(headers, b"origin"),
        fetch_site=header(headers, b"sec-fetch-site"),
        fetch_mode=header(headers, b"sec-fetch-mode"),
        fetch_dest=header(headers, b"sec-fetch-dest"),
    )


def _with_headers(send: Send, path: str) -> Send:
    defaults = _PARTS_HEADERS if PARTS_PATH.fullmatch(path) else _HEADERS

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            given += [pair for pair in defaults.items() if pair[0] not in names]
            message = {**message, "headers": given}
        await send(message)

    return send_with_headers


async def _refuse(refusal: Refusal, path: str, send: Send) -> None:
    if path.startswith("/api/"):
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
    await send(
        {"type": "http.response.start", "status": refusal.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body})
