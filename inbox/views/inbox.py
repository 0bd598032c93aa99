"""The inbox: its page, and the entries that the page requests during use."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox import serializers
from inbox.access.current import scope, user
from inbox.errors import BadRequest
from inbox.http import as_json, cookies
from inbox.mailbox import inboxes, messages, saved_searches
from inbox.models import Message
from inbox.presenters.rows import row
from inbox.presenters.search_terms import chips, results
from inbox.search import language
from inbox.views import trace

_PAGE = 50  # entries that a script gets at a time
FIRST = 30  # entries rendered with a page: more than a screen shows
COUNTED = 1000  # a count of results stops here
_SHOW = "mailsink_show"  # a cookie: all or mail, the last choice
_COOKIE_DAYS = 400


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, with nothing open; `show` is all, mail or failed: see messages.Show.

    The choice between all and mail is remembered.
    """
    context = listing(request)
    status = 400 if "wrong" in context else 200
    response = render(request, "inbox/index.html", context, status=status)
    if request.GET.get("show") in ("all", "mail"):
        cookies.keep(response, request, _SHOW, request.GET["show"], _COOKIE_DAYS)
    return response


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """Answer with a page of the list, in the form of API v3; total if it is known."""
    query, cursor = request.GET.get("q", ""), request.GET.get("cursor")
    show = _shown(request)
    try:
        page = messages.entries(scope(), query, cursor, _limit(request), show=show)
    except BadRequest as error:
        shape = {"detail": str(error), **error.members}
        return JsonResponse(shape, status=error.status)
    items = [
        serializers.message(entry)
        if isinstance(entry, Message)
        else serializers.transaction(entry)
        for entry in page.items
    ]
    total = None if query or cursor else _total(show)
    if page.next is None and not cursor:
        total = len(items)
    return as_json.answer({"items": items, "next": page.next, "total": total})


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """A fragment: the number of entries.

    A script requests it afterwards, since counting all results of a search takes longer
    than finding its first page.
    """
    query, show = request.GET.get("q", ""), _shown(request)
    found = messages.count_entries(scope(), query, COUNTED, show)
    return HttpResponse(results(found, COUNTED))


def listing(request: HttpRequest) -> dict[str, object]:
    """Return the context of the list: a page of rows, or the fault of q."""
    query, show = request.GET.get("q", ""), _shown(request)
    cursor = request.GET.get("cursor")
    names = inboxes.names(scope())
    searches = saved_searches.find(user())
    context: dict[str, object] = {
        "section": "inbox",
        "query": query,
        "search": query,
        "show": show,
        "kept": _kept(query, show),
        "shows": [("all", _("All")), ("mail", _("Mail")), ("failed", _("Failed"))],
        "traced": trace.offered(query),
        "inbox_names": names,
        "several_inboxes": len(names) > 1,
        "searches": searches,
        "saved": next((s for s in searches if s.query == query), None),
    }
    try:
        page = messages.entries(scope(), query, cursor, FIRST, show=show)
        context["chips"] = chips(language.parse(query))
    except BadRequest as error:
        return context | {"entries": [], "wrong": error}
    if page.next is None and not cursor:
        context["results"] = results(len(page.items), COUNTED)
    if page.next:
        asked = {"q": query, "show": show, "cursor": page.next}
        given = urlencode({name: value for name, value in asked.items() if value})
        context["older_url"] = f"{reverse('inbox')}?{given}"
    return context | {"entries": [row(each) for each in page.items]}


def _limit(request: HttpRequest) -> int:
    """Return the requested number of entries. Raises BadRequest."""
    try:
        return int(request.GET.get("limit", _PAGE))
    except ValueError:
        raise BadRequest(_("limit is a number")) from None


def _shown(request: HttpRequest) -> messages.Show:
    for asked in (request.GET.get("show"), request.COOKIES.get(_SHOW)):
        if asked in ("all", "mail", "failed"):
            return asked  # type: ignore[return-value]
    return "all"


def _kept(query: str, show: messages.Show) -> str:
    """Return the query for links to entries: the parts that no cookie remembers."""
    kept = {"q": query, "show": "failed" if show == "failed" else ""}
    given = urlencode({name: value for name, value in kept.items() if value})
    return f"?{given}" if given else ""


def _total(show: messages.Show) -> int:
    counts = messages.counts(scope())
    failed, mail = counts["not_accepted"], counts["messages"]
    return {"all": mail + failed, "mail": mail, "failed": failed}[show]
