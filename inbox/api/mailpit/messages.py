"""Mailpit's routes for many messages: lists, searches, marks, deleting."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from inbox.access import emptying
from inbox.api.mailpit import summaries
from inbox.api.mailpit.common import ok, search, searched
from inbox.api.plain_answers import (
    GoObject,
    PlainError,
    body,
    go_json,
    key,
    number,
    text,
)
from inbox.api.v3.common import scope
from inbox.errors import Invalid
from inbox.mailbox import marking, selection, trash
from inbox.mailbox.marking import Marks
from inbox.mailbox.offsets import MOST
from inbox.mailbox.selection import MOST as MOST_CHOSEN
from inbox.mailbox.selection import Selection
from inbox.search import mailpit_language

_LIMIT = 50
_NULL = ("To", "Cc", "Bcc")  # if they are empty; searches have more of these
_BOTH = "You may specify either IDs or a search query, not both"


def find(request: HttpRequest) -> HttpResponse:
    """List the messages, newest first; limit=0 requests all of them."""
    start, limit = number(request, "start", 0), number(request, "limit", _LIMIT)
    if limit == 0:
        start, limit = 0, MOST
    return go_json(summaries.listed(_before(request), start, limit, _NULL))


def find_matching(request: HttpRequest) -> HttpResponse:
    """List the messages that match a search; limit=0 requests only the counts."""
    where = search(request) & _before(request)
    start, limit = number(request, "start", 0), number(request, "limit", _LIMIT)
    return go_json(summaries.listed(where, start, limit, (*_NULL, "ReplyTo")))


def _before(request: HttpRequest) -> Q:
    return mailpit_language.before(request.GET.get("before", ""))


def mark(request: HttpRequest) -> HttpResponse:
    """Mark messages as read or unread: the named ones, those that match, or all."""
    asked = _asked(request)
    ids, query = asked.texts("IDs"), asked.text("Search")
    if ids and query:
        raise PlainError(_BOTH)
    chosen = Selection(where=searched(request, query) if query else None)
    if ids:
        chosen = selection.by_ids([*map(key, ids)])
    marking.update_many(scope(), chosen, Marks(read=asked.flag("Read")))
    return ok()


def delete(request: HttpRequest) -> HttpResponse:
    """Move the named messages to the trash.

    All messages, if none are named or the body is unreadable.
    """
    ids = []
    with suppress(PlainError):
        ids = _asked(request).texts("IDs")
    chosen = selection.by_ids([*map(key, ids)]) if ids else Selection()
    within = emptying.scope_to_delete(chosen)
    trash.delete(within, chosen, request.META["REMOTE_ADDR"])
    return text("") if _is_bare(request) else ok()


def delete_matching(request: HttpRequest) -> HttpResponse:
    """Move the messages that match a search to the trash."""
    chosen = Selection(where=search(request))
    within = emptying.scope_to_delete(chosen)
    trash.delete(within, chosen, request.META["REMOTE_ADDR"])
    return ok()


def _asked(request: HttpRequest) -> GoObject:
    """Return the object in a body, which PyPI's mailpit-api-client sends as a form.

    Raises PlainError; Invalid for a form with too many fields, which must not count as
    "all messages".
    """
    given = request.body
    if given[:4].lower() != b"ids=":
        return body(request)
    if given.count(b"&") >= MOST_CHOSEN:
        raise Invalid(f"a form may have {MOST_CHOSEN:,} fields")
    form = parse_qsl(given.decode("utf-8", "replace"), keep_blank_values=True)
    ids = [value for name, value in form if name.lower() == "ids"]
    read = next((value for name, value in form if name.lower() == "read"), "false")
    return GoObject({"IDs": ids, "Read": read == "true"})


def _is_bare(request: HttpRequest) -> bool:
    """Whether npm's mailhog sent the request, judging by its few header fields.

    MailHog also has this route, and answers without a body: "ok" makes npm's mailhog
    fail.
    """
    said = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
    return "Connection" in request.headers and not any(
        request.headers.get(name) for name in said
    )
