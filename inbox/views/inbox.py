"""The inbox: its page, the entries that the page asks for as it is used, the trash."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.api.v3 import shapes
from inbox.models import Message
from inbox.services import messages
from inbox.services.paging import BadCursor, NotFound
from inbox.services.scope import ALL
from inbox.services.search import BadQuery
from inbox.views import trace
from inbox.views.rows import row
from mailsink.conf import CONFIG

FIRST = 50  # entries that a page is rendered with


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, with nothing open."""
    context = listing(request)
    status = 400 if "wrong" in context else 200
    return render(request, "inbox/index.html", context, status=status)


@require_GET
def entries(request: HttpRequest) -> JsonResponse:
    """A page of the list, as API v3 has its objects; total where it is known."""
    query, cursor = request.GET.get("q", ""), request.GET.get("cursor")
    try:
        limit = int(request.GET.get("limit", FIRST))
        page = messages.entries(ALL, q=query, cursor=cursor, limit=limit)
    except ValueError as error:
        return JsonResponse({"detail": str(error)}, status=400)
    items = [
        shapes.message(entry)
        if isinstance(entry, Message)
        else shapes.transaction(entry)
        for entry in page.items
    ]
    total = None if query or cursor else _total()
    return JsonResponse({"items": items, "next": page.next, "total": total})


@require_GET
def trash(request: HttpRequest) -> HttpResponse:
    """What was deleted, and can be restored for a while."""
    try:
        page = messages.find(ALL, q="is:deleted", cursor=request.GET.get("cursor"))
    except BadCursor as error:
        return not_found(request, str(error))
    context = {
        "section": "trash",
        "messages": page.items,
        "next": page.next,
        "hours": CONFIG.trash_hours,
    }
    return render(request, "inbox/trash.html", context)


def listing(request: HttpRequest) -> dict[str, object]:
    """Return what the list is rendered with: a page of rows, or what is wrong with q."""
    query = request.GET.get("q", "")
    context: dict[str, object] = {"section": "inbox", "query": query}
    context["traced"] = trace.offered(query)
    try:
        page = messages.entries(ALL, query, request.GET.get("cursor"), FIRST)
    except (BadQuery, BadCursor) as error:
        return context | {"rows": [], "wrong": str(error)}
    return context | {"rows": [row(entry) for entry in page.items], "next": page.next}


def not_found(request: HttpRequest, words: str | NotFound) -> HttpResponse:
    """Return the page that says what is not there."""
    context = {"section": "inbox", "words": str(words)}
    return render(request, "inbox/not_found.html", context, status=404)


def _total() -> int:
    counts = messages.counts(ALL)
    return counts["messages"] + counts["not_accepted"]
