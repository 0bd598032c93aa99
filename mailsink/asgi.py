"""The ASGI application: Django for http, the live feed for websockets, one guard."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsink.settings")

import django
from channels.db import database_sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter

django.setup(set_prefix=False)  # needed by the imports below

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, re_path, resolve

from inbox.access.permissions import TOOLS
from inbox.access.recognising import identity_of_scope
from inbox.http.gate import gate, refuse_stranger
from inbox.http.heads import Handler
from inbox.http.long_reading import within_bound
from inbox.http.problems import problems
from inbox.live.routing import websocket_urlpatterns
from inbox.mailbox.large import concerns_large
from inbox.mailbox.signals import MessageUpdated, announce
from mailsink.conf import CONFIG
from mailsink.web.front import Front
from mailsink.web.guard import App, AsgiScope, Guard, Receive, Send
from mailsink.web.heavy import Heavy
from mailsink.web.held import Held
from mailsink.web.loaded import Loaded
from mailsink.web.pool import Pool
from mailsink.web.request_rules import Rules
from mailsink.web.workers import Workers

HELD = frozenset({"/api/v3/messages/wait"})
# A health check must not wait for a crowd of other requests.
HEALTH = frozenset({"/health/live", "/health/ready", "/livez", "/readyz", "/metrics"})


def _announce(ids: list[str]) -> None:
    announce([MessageUpdated(UUID(each)) for each in ids])


workers = Workers("answer", database_sync_to_async(_announce, thread_sensitive=False))
# Neither on the threads that answer requests, nor on threads that others wait for
is_heavy = database_sync_to_async(
    concerns_large,
    thread_sensitive=False,
    executor=ThreadPoolExecutor(2, "look-up"),
)


class WholeHandler(Handler):
    """Django with answers in one piece: the server must see the held octets of each."""

    async def handle(self, scope: AsgiScope, receive: Any, send: Any) -> None:
        """Answer a request; for Django its path begins with root_path."""
        path = f"{scope['root_path']}{scope['path']}"
        await super().handle({**scope, "path": path}, receive, send)

    async def listen_for_disconnect(self, receive: Any) -> None:
        """Raise RequestAborted once the client has left.

        Django runs this as a task. If the request itself is cancelled at that moment,
        Django does not read the task's result, and asyncio would log a traceback.
        """
        task = asyncio.current_task()
        assert task
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await super().listen_for_disconnect(receive)

    def make_view_atomic(self, view: Any) -> Any:
        """Return the view wrapped: its request is cut if it reads for long."""
        return within_bound(super().make_view_atomic(view))

    @classmethod
    def chunk_bytes(cls, data: Any) -> Iterator[tuple[Any, bool]]:
        yield data, True

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        """Send a response, then drop its content: the object may live longer."""
        try:
            await super().send_response(response, send)
        finally:
            if isinstance(response, HttpResponse):
                response.content = b""


class HeldHandler(WholeHandler):
    """Django for thousands of requests at a time.

    It runs no middleware that needs the thread which these requests share.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        respond: Any = self._get_response_async  # type: ignore[attr-defined]
        inner = convert_exception_to_response(respond)
        passed = convert_exception_to_response(gate(inner))
        self._middleware_chain = convert_exception_to_response(problems(passed))

    def view_of(self, request: HttpRequest) -> ResolverMatch:
        match = _resolved(request.path_info)
        request.resolver_match = match
        return match


@cache
def _resolved(path: str) -> ResolverMatch:
    """Return the view of a path in HELD or HEALTH.

    The match is cached without its tried patterns, which would be 40 lists each.
    """
    return resolve(path)


def load_views() -> None:
    """Import all views, which stay loaded."""
    import_module(settings.ROOT_URLCONF)
    gc.freeze()


def with_agents(app: App) -> App:
    """Return the app for http, with /mcp before it if that is switched on."""
    if not CONFIG.mcp:
        return app
    agents: App = import_module("mailsink.agents.mcp_http").McpApp(
        app, str(CONFIG.public_url)
    )

    async def chosen(scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/mcp":
            await app(scope, receive, send)
        elif (await identity_of_scope(scope)).rank >= TOOLS:
            await agents(scope, receive, send)
        else:
            await refuse_stranger(send)

    return chosen


async def nowhere(_scope: AsgiScope, _receive: Receive, send: Send) -> None:
    """Refuse a websocket to a path that has none."""
    await send({"type": "websocket.close"})


async def of_dialect(scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Answer a websocket of another mail sink's API, whose code is already loaded."""
    application = import_module("inbox.api.dialect_sockets").APPLICATIONS[scope["path"]]
    await application(scope, receive, send)


http, held = WholeHandler(), HeldHandler()
# URLRouter routes to ASGI applications, Django to views.
_of_dialect: Any = Loaded(of_dialect, load_views)
_SOCKETS = {"mailpit": "^api/events$", "mailhog": "^api/v2/websocket$"}
dialects = [re_path(_SOCKETS[name], _of_dialect) for name in CONFIG.dialects]
elsewhere = re_path("", nowhere)  # type: ignore[arg-type]
websockets = URLRouter([*websocket_urlpatterns, *dialects, elsewhere])
application = Guard(
    ProtocolTypeRouter(
        {
            "http": with_agents(
                Loaded(
                    Held(
                        Held(Heavy(Pool(http), workers, is_heavy), held, HELD),
                        held,
                        HEALTH,
                    ),
                    load_views,
                )
            ),
            "websocket": websockets,
        }
    ),
    Rules(
        CONFIG.allowed_hosts,
        CONFIG.hostname,
        str(CONFIG.public_url),
        CONFIG.allowed_origins,
        local_names=CONFIG.listen == "all",
    ),
    # a message for the API, in JSON with base64, is larger
    max_mail=2 * CONFIG.max_message_size,
    front=Front(CONFIG.public_url.path, CONFIG.trusted_proxies),
)
