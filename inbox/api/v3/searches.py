"""API v3: saved searches."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from inbox import serializers
from inbox.access.current import user
from inbox.api.v3.common import ANY_ID, answer, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.mailbox import saved_searches
from inbox.models import SavedSearch
from inbox.serializers import Shape

router = Router()


SearchId = Annotated[str, path("The id of the saved search.", ANY_ID)]


class SearchObject(Strict):
    id: UUID = member("The id of the saved search.")
    name: str = member("The name in the side bar.", "Sign-ups")
    query: str = member("The search.", "subject:confirm is:unread")
    count: int | None = member(
        "How many messages match, counted up to 1,000; null if the search cannot be read.",
        3,
    )


class SearchToSave(Strict):
    name: str = member("The name in the side bar.", "Sign-ups")
    query: str = member("The search.", "subject:confirm is:unread")


class SearchChanges(Strict):
    """Members that you leave out stay as they are."""

    name: str | None = member("The new name.", "Confirmations", None)
    query: str | None = member("The new search.", "subject:confirm", None)


@router.get("", response=Page[SearchObject], summary="List saved searches")
def find(request: HttpRequest) -> HttpResponse:
    """The saved searches by name, each with the number of messages that match."""
    return answer(serializers.page(map(_shape, saved_searches.find(user())), None))


@router.post("", response={201: SearchObject}, summary="Save a search")
def save(request: HttpRequest, given: SearchToSave) -> HttpResponse:
    """Puts a search into the side bar. An existing name gets the new search."""
    return answer(_shape(saved_searches.save(given.name, given.query, user())), 201)


@router.get("/{id}", response=SearchObject, summary="Get a saved search")
def one(request: HttpRequest, id: SearchId) -> HttpResponse:
    """One saved search, with the number of messages that match."""
    return answer(_shape(saved_searches.get(id, user())))


@router.patch("/{id}", response=SearchObject, summary="Change a saved search")
@decorate_view(if_match(of_view(one)))
def change(request: HttpRequest, id: SearchId, changes: SearchChanges) -> HttpResponse:
    """Gives it another name, another search, or both."""
    found = saved_searches.change(id, changes.name, changes.query, user(), scope())
    return answer(_shape(found))


@router.delete("/{id}", response={204: None}, summary="Delete a saved search")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, id: SearchId) -> HttpResponse:
    """Takes it out of the side bar. Messages stay."""
    saved_searches.delete(id, user(), scope())
    return HttpResponse(status=204)


def _shape(saved: SavedSearch) -> Shape:
    return {
        "id": str(saved.pk),
        "name": saved.name,
        "query": saved.query,
        "count": saved_searches.count(scope(), saved),
    }
