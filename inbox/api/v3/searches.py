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
from inbox.http import entity_tags
from inbox.http.preconditions import if_match
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
        "How many messages match, counted up to 1,000; null if the search is invalid, "
        "or if counting would take long after a change.",
        3,
    )


class SearchToSave(Strict):
    name: str = member("The name in the side bar.", "Sign-ups")
    query: str = member("The search.", "subject:confirm is:unread")


class SearchChanges(Strict):
    """Members that you leave out stay unchanged."""

    name: str | None = member("The new name.", "Confirmations", None)
    query: str | None = member("The new search.", "subject:confirm", None)


@router.get("", response=Page[SearchObject], summary="List saved searches")
def find(request: HttpRequest) -> HttpResponse:
    """The saved searches by name, each with the number of messages that match."""
    found = map(_counted, saved_searches.find(user()))
    return answer(serializers.page(found, None))


@router.post("", response={201: SearchObject}, summary="Save a search")
def save(request: HttpRequest, given: SearchToSave) -> HttpResponse:
    """Puts a search into the side bar. An existing name gets the new search."""
    return answer(_changed(saved_searches.save(given.name, given.query, user())), 201)


@router.get("/{id}", response=SearchObject, summary="Get a saved search")
def one(request: HttpRequest, id: SearchId) -> HttpResponse:
    """One saved search, with the number of messages that match."""
    found = saved_searches.get(id, user())
    response = answer(_counted(found))
    response["ETag"] = entity_tags.of_parts(_kept(found), response.content)
    return response


def _tag(request: HttpRequest, id: str) -> str:
    """Return the beginning of the entity tag of GET, without counting the matches."""
    return entity_tags.beginning(_kept(saved_searches.get(id, user())))


def _kept(saved: SavedSearch) -> str:
    return f"{saved.name}\n{saved.query}"


@router.patch("/{id}", response=SearchObject, summary="Change a saved search")
@decorate_view(if_match(_tag))
def change(request: HttpRequest, id: SearchId, changes: SearchChanges) -> HttpResponse:
    """Gives it another name, another search, or both."""
    found = saved_searches.change(id, changes.name, changes.query, user(), scope())
    return answer(_changed(found))


@router.delete("/{id}", response={204: None}, summary="Delete a saved search")
@decorate_view(if_match(_tag))
def delete(request: HttpRequest, id: SearchId) -> HttpResponse:
    """Takes it out of the side bar. Messages stay."""
    saved_searches.delete(id, user(), scope())
    return HttpResponse(status=204)


def _counted(saved: SavedSearch) -> Shape:
    return _shape(saved, saved_searches.count(scope(), saved))


def _changed(saved: SavedSearch) -> Shape:
    return _shape(saved, saved_searches.quick_count(scope(), saved))


def _shape(saved: SavedSearch, count: int | None) -> Shape:
    return {
        "id": str(saved.pk),
        "name": saved.name,
        "query": saved.query,
        "count": count,
    }
