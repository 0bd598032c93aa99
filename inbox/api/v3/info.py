"""API v3: a description of this Mailsink, and its tags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import LIMIT, Cursor, Limit, answer, query, scope
from inbox.api.v3.schemas import Connection, Page, Strict, member
from inbox.mailbox import messages, sessions
from inbox.models import Server
from inbox.serializers import Shape
from inbox.upkeep import servers
from mailsink import __version__
from mailsink.conf import CONFIG

router = Router(by_alias=True)


class TagObject(Strict):
    name: str = member("The tag.", "sign-up")
    messages: int = member("How many messages have it.", 3)


class Counts(Strict):
    messages: int = member("Messages, without those in the trash.", 304)
    unread: int = member(
        "Messages that nobody has opened; with accounts, that you have not opened.",
        301,
    )
    not_accepted: int = member("Transactions that were not accepted.", 8)
    sessions: int = member("Sessions that are stored.", 320)
    live_sessions: int = member("Sessions that are open now.", 1)


class LimitsObject(Strict):
    """0 means no limit."""

    max_message_size: int = member("The largest message, in bytes.", 52428800)


class Retention(Strict):
    """0 means no limit."""

    messages: int = member("How many messages are kept.", 50000)
    sessions: int = member("How many sessions without a message are kept.", 50000)
    days: int = member("How many days messages are kept.", 0)
    trash_hours: int = member("How many hours the trash keeps messages.", 24)


class Info(Strict):
    version: str = member("The version of Mailsink.", "0.1.0")
    uptime: int | None = member(
        "How long the server has run, in seconds; null if none runs.", 3600
    )
    hostname: str = member("The name in the SMTP greeting.", "localhost")
    smtp: list[str] = member("Where SMTP is accepted.", ["127.0.0.1:1025"])
    smtps: list[str] = member("Where SMTP over TLS is accepted.", ["127.0.0.1:1465"])
    submission: list[str] = member("Where submission is accepted.", ["127.0.0.1:1587"])
    lmtp: list[str] = member("Where LMTP is accepted.", ["127.0.0.1:1024"])
    web: list[str] = member("Where pages and API are served.", ["127.0.0.1:8025"])
    database: Literal["sqlite", "postgresql"] = member("The kind of database.")
    counts: Counts = member("How much is stored.")
    limits: LimitsObject = member("What is refused.")
    retention: Retention = member("What is removed automatically.")
    last_connection: Connection | None = member(
        "The last connection of an SMTP client; null if there was none."
    )


@router.get("/info", response=Info, summary="Describe the server")
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
    """Return the uptime of the server that has run longest, in seconds."""
    if not alive:
        return None
    began = min(each.started_at for each in alive)
    return int((datetime.now(UTC) - began).total_seconds())


def _counts() -> Shape:
    total, live = sessions.counts(scope())
    return {**messages.counts(scope()), "sessions": total, "live_sessions": live}


TagSort = Annotated[
    Literal["name", "messages"],
    query("By name, or by the number of messages.", "messages"),
]


@router.get("/tags", response=Page[TagObject], summary="List tags")
def all_tags(
    request: HttpRequest,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
    sort: TagSort = "name",
) -> HttpResponse:
    """The tags in use."""
    found = messages.tag_page(scope(), cursor, limit, sort == "messages")
    items = ({"name": name, "messages": count} for name, count in found.items)
    return answer(serializers.page(items, found.next))
