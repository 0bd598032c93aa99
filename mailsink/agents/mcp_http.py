"""`/mcp`: the MCP server over HTTP, for the process that answers the API itself.

Each request is independent (stateless), so that any process can answer it. Host and
Origin are checked before, as for every other address.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote, urlencode

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from mailsink.agents.asking import NotAnswered
from mailsink.agents.mcp_server import mcp_server

AsgiScope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
Field = tuple[bytes, bytes]

_MOST = 50  # requests at a time: each may wait for mail
_NOT_POST = b"Tools are called by POST."
_BUSY = b"Too many requests of agents wait already."
_url: ContextVar[str] = ContextVar("url", default="")
# The fields that identify the agent, passed on to the API
_proofs: ContextVar[tuple[Field, ...]] = ContextVar("proofs", default=())
_PROVING = (b"authorization", b"cookie")
_client: ContextVar[tuple[str, int]] = ContextVar("client", default=("127.0.0.1", 0))


class McpApp:
    """The ASGI app of /mcp."""

    def __init__(self, api: App, public_url: str) -> None:
        """api: the ASGI app that answers /api/v3

        public_url: of the pages; "": the address in the request
        """
        self._public_url = public_url
        server = mcp_server(_ApiWithin(api))
        self._manager = StreamableHTTPSessionManager(
            server._lowlevel_server, json_response=True, stateless=True
        )
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._asking = 0

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> None:
        if scope["method"] != "POST":  # a GET would open a stream, which does not exist
            await _refuse(send, 405, _NOT_POST, (b"allow", b"POST"))
            return
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        await self._ready.wait()
        if self._asking >= _MOST:
            await _refuse(send, 503, _BUSY, (b"retry-after", b"5"))
            return
        _url.set(self._public_url or _named(scope))
        _proofs.set(tuple(each for each in scope["headers"] if each[0] in _PROVING))
        if client := scope.get("client"):  # for the audit log, and against guessing
            _client.set(tuple(client))
        self._asking += 1
        try:
            await self._manager.handle_request(scope, receive, send)
        finally:
            self._asking -= 1

    async def _run(self) -> None:
        async with self._manager.run():
            self._ready.set()
            await asyncio.Event().wait()  # until the loop ends


class _ApiWithin:
    """API v3, called inside the process."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def url(self) -> str:
        return _url.get()

    async def get(self, path: str, **query: object) -> Any:
        return await self._ask("GET", path, urlencode(query), b"")

    async def send(self, method: str, path: str, shape: object = None) -> Any:
        body = b"" if shape is None else json.dumps(shape).encode()
        return await self._ask(method, path, "", body)

    async def _ask(self, method: str, path: str, query: str, body: bytes) -> Any:
        gone = asyncio.Event()  # never set: no client disconnects
        received = [{"type": "http.request", "body": body, "more_body": False}]
        answered: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            if received:
                return received.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            answered.append(message)

        await self._app(_scope(method, path, query, body), receive, send)
        octets = b"".join(each.get("body", b"") for each in answered)
        return _understood(int(answered[0]["status"]), octets)


def _scope(method: str, path: str, query: str, body: bytes) -> dict[str, Any]:
    whole = f"/api/v3/{path}"
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": whole,
        "raw_path": quote(whole).encode("ascii"),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode("ascii")),
            *_proofs.get(),
        ],
        "client": _client.get(),
        "server": ("127.0.0.1", 0),
    }


def _understood(status: int, octets: bytes) -> Any:
    try:
        shape = json.loads(octets) if octets else None
    except ValueError:
        raise NotAnswered(f"the API answered {status}") from None
    if status >= 400:
        problem = shape if isinstance(shape, dict) else {}
        raise NotAnswered(str(problem.get("detail", status)), problem)
    return shape


def _named(scope: AsgiScope) -> str:
    """Return the address of the pages, from the request."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    root = scope.get("root_path", "")
    return f"{scope.get('scheme') or 'http'}://{host.decode('latin-1')}{root}"


async def _refuse(
    send: Any, status: int, words: bytes, field: tuple[bytes, bytes]
) -> None:
    headers = [(b"content-type", b"text/plain"), field]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})
