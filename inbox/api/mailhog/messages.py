"""MailHog's routes of messages: lists, searches, one message, deleting, release."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from inbox.access import emptying
from inbox.api.mailhog import shapes
from inbox.api.plain_answers import (
    GoObject,
    PlainError,
    body,
    go_json,
    key,
    number,
    octets,
)
from inbox.api.v3.common import scope
from inbox.errors import Conflict, Invalid, NotFound
from inbox.http import files
from inbox.mailbox import large, messages, offsets, trash
from inbox.mailbox.offsets import StoredMail
from inbox.mailbox.selection import Selection
from inbox.models import Message, Route
from inbox.outgoing import releases, routes
from inbox.search import mailhog_kinds
from inbox.search.fields import BadQuery
from mailsink.mime import bodies, structure

JSON_TEXT = "text/json"
_LIMIT, _MOST, _MOST_BARE = 50, 250, 1000
_OCTETS = 16 * 1024 * 1024  # of the JSON of all messages in a list
# Octets of JSON that are written in the server: mail should not wait for more.
_WRITTEN_HERE = 4 * 1024 * 1024


def find(request: HttpRequest) -> HttpResponse:
    """List the messages, newest first."""
    return _page(request, Q(), JSON_TEXT)


def search(request: HttpRequest) -> HttpResponse:
    """List the messages that match a search of the given kind."""
    try:
        where = mailhog_kinds.condition(
            request.GET.get("kind", ""), request.GET.get("query", "")
        )
    except BadQuery:
        return empty(400)
    return _page(request, where, "application/json")


def find_bare(request: HttpRequest) -> HttpResponse:
    """List the messages in the form of version 1: without counts."""
    items = _written(offsets.find(scope(), Q(), 0, _MOST_BARE))
    return HttpResponse(b"[%b]\n" % b",".join(items), content_type=JSON_TEXT)


def _page(request: HttpRequest, where: Q, content_type: str) -> HttpResponse:
    start = number(request, "start", 0)
    limit = min(number(request, "limit", _LIMIT), _MOST)
    items = _written(offsets.find(scope(), where, start, limit))
    total = offsets.count(scope(), where)[0]
    counts = b'{"total":%d,"count":%d,"start":%d' % (total, len(items), start)
    page = b'%b,"items":[%b]}\n' % (counts, b",".join(items))
    return HttpResponse(page, content_type=content_type)


def _written(found: list[StoredMail]) -> list[bytes]:
    """Return messages as JSON; if that is too long, only the first ones."""
    items: list[bytes] = []
    total = 0
    for each in found:
        if items and total + 3 * each.message.size > _OCTETS:
            break
        item = octets(shapes.message(each)).rstrip(b"\n")
        total += len(item)
        if items and total > _OCTETS:
            break
        large.refuse_here(total, _WRITTEN_HERE)
        items.append(item)
    return items


def _found(id: str) -> Message:
    """Return a message. Raises PlainError."""
    try:
        return messages.get(scope(), key(id))
    except NotFound:
        raise PlainError("null\n", 404) from None


def one(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with a message."""
    (item,) = _written(offsets.stored([_found(id)]))
    return HttpResponse(item + b"\n", content_type=JSON_TEXT)


def delete(request: HttpRequest, id: str) -> HttpResponse:
    """Move a message to the trash."""
    chosen = Selection((_found(id).pk,))
    trash.delete(scope(), chosen, request.META["REMOTE_ADDR"])
    return empty()


def delete_all(request: HttpRequest) -> HttpResponse:
    """Move all messages to the trash, except pinned ones."""
    everything = Selection()
    within = emptying.scope_to_delete(everything)
    trash.delete(within, everything, request.META["REMOTE_ADDR"])
    return empty()


def empty(status: int = 200) -> HttpResponse:
    """Return an answer without a body."""
    return HttpResponse(status=status, content_type=JSON_TEXT)


def download(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the source of a message, as sent."""
    message = _found(id)
    raw = messages.open_raw(message)
    return files.saved(raw, "message/rfc822", f"{message.pk}.eml")


def download_part(request: HttpRequest, id: str, number: int) -> HttpResponse:
    """Answer with a part of the message itself, decoded, as a file to save."""
    raw = messages.open_raw(_found(id))
    parts = structure.parse(raw).parts[0].children
    if number >= len(parts):
        raise PlainError("404 page not found\n", 404)
    part = parts[number]
    name = files.file_name(part.filename, f"part-{number}")
    return files.saved(bodies.decode(raw, part), part.content_type, name)


def release(request: HttpRequest, id: str) -> HttpResponse:
    """Queue a message for a recipient, through the route to the named server."""
    message, asked = _found(id), body(request)
    by = request.META["REMOTE_ADDR"]
    try:
        route = _route(asked)
        releases.request(scope(), message.pk, route.name, [asked.text("Email")], by)
    except (Conflict, Invalid, NotFound) as error:
        raise PlainError(f"{error}\n") from None
    return empty()


def _route(asked: GoObject) -> Route:
    """Return a route, given its name, or its host and port. Raises NotFound, PlainError."""
    if asked.text("Name"):
        return routes.get(asked.text("Name"))
    port = asked.get("Port")
    for route in routes.find():
        if route.host == asked.text("Host").lower() and str(route.port) == str(port):
            return route
    raise PlainError(
        "Mailsink has no route to this server; add one on its page Outgoing, or with "
        "POST /api/v3/routes\n"
    )


def servers(request: HttpRequest) -> HttpResponse:
    """Answer with the routes, by name."""
    return go_json({each.name: shapes.server(each) for each in routes.find()})
