"""The AsyncAPI 3.0 document: /ws/live and the events at /api/v3/events, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.schema import Schema
from pydantic.json_schema import models_json_schema

from inbox.api.v3 import live_schemas
from inbox.api.v3.common import answer
from inbox.http.origins import base_url
from mailsink import __version__

router = Router()

JsonSchema = dict[str, Any]
Models = Sequence[type[Schema]]

DESCRIPTION = (
    "Mailsink publishes events as they happen: over a websocket, and as "
    "server-sent events. The objects are those of API v3."
)
_LIVE = (
    "Subscribe, wait for subscribed, load the list, then apply events. Acknowledge each "
    "batch: the server sends two without an ack, then waits."
)
_EVENTS = (
    "Server-sent events (WHATWG HTML §9.2): GET with to=messages, sessions or "
    "session:<id>. After a gap send Last-Event-ID."
)


@router.get("asyncapi.json", include_in_schema=False)
def document(request: HttpRequest) -> HttpResponse:
    """The document, with this server's own URL."""
    url = urlsplit(base_url(request))
    is_secure = url.scheme == "https"
    servers = {
        "websocket": _server(url.netloc, "wss" if is_secure else "ws", url.path),
        "http": _server(url.netloc, url.scheme, url.path),
    }
    return answer({**_described(), "servers": servers})


def _server(host: str, protocol: str, path: str) -> JsonSchema:
    pathname = path.rstrip("/")
    more = {"pathname": pathname} if pathname else {}
    return {"host": host, "protocol": protocol, **more}


@cache
def _described() -> JsonSchema:
    commands: Models = live_schemas.COMMANDS
    answers: Models = live_schemas.ANSWERS
    data: Models = live_schemas.DATA
    every: Models = list(dict.fromkeys((*commands, *answers, *data)))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mailsink live",
            "version": __version__,
            "description": DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": _channel("/ws/live", "websocket", _LIVE, (*commands, *answers)),
            "events": _channel("/api/v3/events", "http", _EVENTS, data),
        },
        "operations": {
            "command": _operation("receive", "live", commands),
            "inform": _operation("send", "live", answers),
            "stream": _operation("send", "events", data),
        },
        "components": {
            "messages": {each.__name__: _message(each) for each in every},
            "schemas": _schemas(every),
        },
    }


def _channel(address: str, server: str, description: str, models: Models) -> JsonSchema:
    return {
        "address": address,
        "description": description,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {
            each.__name__: {"$ref": f"#/components/messages/{each.__name__}"}
            for each in models
        },
    }


def _operation(action: str, channel: str, models: Models) -> JsonSchema:
    """Return an operation. action: of the server, in AsyncAPI 3's terms"""
    place = f"#/channels/{channel}"
    return {
        "action": action,
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{each.__name__}"} for each in models],
    }


def _message(model: type[Schema]) -> JsonSchema:
    return {
        "name": model.__name__,
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }


def _schemas(models: Models) -> JsonSchema:
    _, found = models_json_schema(
        [(each, "serialization") for each in models],
        ref_template="#/components/schemas/{model}",
    )
    schemas: JsonSchema = found["$defs"]
    return schemas
