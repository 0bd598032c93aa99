"""API v3: what this Mailsink is, and its tags."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3 import schemas
from inbox.api.v3.common import answer, scope
from inbox.mailbox import messages, sessions
from inbox.models import Server
from inbox.serializers import Shape
from inbox.upkeep import servers
from mailsink import __version__
from mailsink.conf import CONFIG

router = Router(by_alias=True)


@router.get("/info", response=schemas.Info)
def info(request: HttpRequest) -> HttpResponse:
    """Version, addresses, counts and limits."""
    alive = servers.alive()
    return answer(
        {
            "version": __version__,
            "uptime": _uptime(alive),
            "hostname": CONFIG.hostname,
            **servers.listening(alive),
            "web": [address for each in alive for address in each.http],
            "database": connection.vendor,
            "counts": _counts(),
            "limits": {"max_message_size": CONFIG.max_message_size},
            "retention": {
                "messages": CONFIG.retention_messages,
                "sessions": CONFIG.retention_sessions,
                "days": CONFIG.retention_days,
                "trash_hours": CONFIG.trash_hours,
            },
            "last_connection": serializers.connection(
                sessions.last_connection(scope())
            ),
        }
    )


def _uptime(alive: list[Server]) -> int | None:
    """Return how long the server has run that runs longest, in seconds."""
    if not alive:
        return None
    began = min(each.started_at for each in alive)
    return int((datetime.now(UTC) - began).total_seconds())


def _counts() -> Shape:
    total, live = sessions.counts(scope())
    return {**messages.counts(scope()), "sessions": total, "live_sessions": live}


@router.get("/tags", response=schemas.Page[schemas.Tag])
def all_tags(request: HttpRequest) -> HttpResponse:
    """The tags in use, by name, each with how many messages have it."""
    found = sorted(messages.tags(scope()).items())
    items = ({"name": name, "messages": count} for name, count in found)
    return answer(serializers.page(items, None))
