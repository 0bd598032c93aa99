"""Helpers that Mailpit's routes share: they find messages, and read searches."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from inbox.api.plain_answers import PlainError, key, text
from inbox.api.v3.common import scope
from inbox.errors import NotFound
from inbox.mailbox import messages, offsets
from inbox.models import Message
from inbox.search import mailpit_language
from inbox.search.fields import ZONE
from mailsink.mime import timezones

NOTHING_SAID = "Error: no search query"
_NOT_FOUND = "404 page not found"
_LATEST_NOT_FOUND = "Message not found"


def ok() -> HttpResponse:
    """Return the answer to a successful change."""
    return text("ok")


def searched(request: HttpRequest, query: str) -> Q:
    """Return the condition of a search, in the time zone that the request names."""
    if zone := timezones.named(request.GET.get("tz", "")):
        ZONE.set(zone)
    return mailpit_language.messages(mailpit_language.parse(query), scope().reader)


def search(request: HttpRequest) -> Q:
    """Return the condition of the required search in the query. Raises PlainError."""
    query = request.GET.get("query", "")
    if not query.strip():
        raise PlainError(NOTHING_SAID)
    return searched(request, query)


def found(request: HttpRequest, id: str, latest: str = _LATEST_NOT_FOUND) -> Message:
    """Return a message by its id; for "latest", the newest one that matches the query.

    latest: the words if there is none. Raises PlainError.
    """
    if id != messages.LATEST:
        try:
            return messages.get(scope(), key(id))
        except NotFound:
            raise PlainError(_NOT_FOUND, 404) from None
    query = request.GET.get("query", "")
    newest = offsets.newest(scope(), searched(request, query) if query else Q())
    if newest is None:
        raise PlainError(latest, 404)
    return newest
