"""The inbox: its page, and the entries that the page asks for as it is used."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox import serializers
from inbox.errors import BadRequest
from inbox.mailbox import inboxes, messages, saved_searches
from inbox.mailbox.scope import ALL
from inbox.models import Message
from inbox.presenters.bursts import folded
from inbox.presenters.search_terms import FIELDS, chips
from inbox.search import language
from inbox.views import trace

_PAGE = 50  # entries that a script is given at once
FIRST = 30  # entries that a page is rendered with: more than a screen shows
_REFUSED = "mailsink_refused"  # a cookie: whether what was not accepted is listed
_COOKIE_DAYS = 400


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, with nothing open; `refused` is show or hide, and is remembered."""
    context = listing(request)
    status = 400 if "wrong" in context else 200
    response = render(request, "inbox/index.html", context, status=status)
    if request.GET.get("refused") in ("show", "hide"):
        response.set_cookie(
            _REFUSED,
            request.GET["refused"],
            max_age=_COOKIE_DAYS * 86_400,
            samesite="Lax",
        )
    return response


@require_GET
def entries(request: HttpRequest) -> JsonResponse:
    """A page of the list, as API v3 has its objects; total where it is known."""
    query, cursor = request.GET.get("q", ""), request.GET.get("cursor")
    refused = _lists_refused(request)
    try:
        page = messages.entries(ALL, query, cursor, _limit(request), refused=refused)
    except BadRequest as error:
        return JsonResponse({"detail": str(error)}, status=error.status)
    items = [
        serializers.message(entry)
        if isinstance(entry, Message)
        else serializers.transaction(entry)
        for entry in page.items
    ]
    total = None if query or cursor else _total(refused)
    return JsonResponse({"items": items, "next": page.next, "total": total})


def listing(request: HttpRequest) -> dict[str, object]:
    """Return what the list is rendered with: a page of rows, or what is wrong with q."""
    query, refused = request.GET.get("q", ""), _lists_refused(request)
    cursor = request.GET.get("cursor")
    context: dict[str, object] = {
        "section": "inbox",
        "query": query,
        "refused": refused,
        "traced": trace.offered(query),
        "several_inboxes": len(inboxes.find(ALL)) > 1,
        "search_fields": FIELDS,
        "saved": next((s for s in saved_searches.find() if s.query == query), None),
    }
    try:
        page = messages.entries(ALL, query, cursor, FIRST, refused=refused)
        context["chips"] = chips(language.parse(query))
    except BadRequest as error:
        return context | {"entries": [], "wrong": str(error)}
    return context | {"entries": list(folded(page.items)), "next": page.next}


def _limit(request: HttpRequest) -> int:
    """Return how many entries are asked for. Raises BadRequest."""
    try:
        return int(request.GET.get("limit", _PAGE))
    except ValueError:
        raise BadRequest(_("limit is a number")) from None


def _lists_refused(request: HttpRequest) -> bool:
    asked = request.GET.get("refused") or request.COOKIES.get(_REFUSED)
    return asked != "hide"


def _total(refused: bool) -> int:
    counts = messages.counts(ALL)
    return counts["messages"] + (counts["not_accepted"] if refused else 0)
