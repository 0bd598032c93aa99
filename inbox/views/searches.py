"""Saved searches: saving, renaming and deleting them, and their counts."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from inbox.access.current import scope, user
from inbox.mailbox import saved_searches
from inbox.presenters.search_terms import list_of
from inbox.search import language
from inbox.search.language import BadQuery


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the query `q` under a `name`, and show its results."""
    query = request.POST.get("q", "")
    saved_searches.save(request.POST.get("name", ""), query, user())
    return redirect(list_of(query))


@require_POST
def rename(request: HttpRequest, id: UUID) -> HttpResponse:
    """Give a saved search another `name`."""
    found = saved_searches.change(
        id, request.POST.get("name", ""), None, user(), scope()
    )
    return redirect(list_of(found.query))


@require_POST
def delete(request: HttpRequest, id: UUID) -> HttpResponse:
    """Delete a saved search."""
    saved_searches.delete(id, user(), scope())
    return redirect("inbox")


@require_GET
def check(request: HttpRequest) -> HttpResponse:
    """A fragment: the fault of the query `q`; nothing if it is valid."""
    try:
        language.parse(request.GET.get("q", ""))
    except BadQuery as error:
        return render(request, "inbox/_wrong.html", {"wrong": error})
    return HttpResponse()


@require_GET
def counts(request: HttpRequest) -> JsonResponse:
    """Answer with the number of messages of each saved search, by id.

    The number is null for an invalid query.
    """
    found = saved_searches.find(user())
    return JsonResponse(
        {str(each.pk): saved_searches.count(scope(), each) for each in found}
    )
