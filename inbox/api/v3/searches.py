"""API v3: saved searches."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from inbox import serializers
from inbox.api.v3.common import answer, scope
from inbox.api.v3.schemas import Page, Strict
from inbox.mailbox import saved_searches
from inbox.models import SavedSearch
from inbox.serializers import Shape

router = Router()


class SearchObject(Strict):
    id: UUID
    name: str
    query: str
    count: int | None = Field(
        description="messages that match, counted up to 1,000; null if it is no query"
    )


class SearchToSave(Strict):
    name: str
    query: str


class SearchChanges(Strict):
    """Values that are not given stay as they are."""

    name: str | None = None
    query: str | None = None


@router.get("", response=Page[SearchObject])
def find(request: HttpRequest) -> HttpResponse:
    """Saved searches, by name."""
    return answer(serializers.page(map(_shape, saved_searches.find()), None))


@router.post("", response={201: SearchObject})
def save(request: HttpRequest, given: SearchToSave) -> HttpResponse:
    """Keep a query under a name; one of that name gets the new query."""
    return answer(_shape(saved_searches.save(given.name, given.query)), 201)


@router.patch("/{id}", response=SearchObject)
def change(request: HttpRequest, id: str, changes: SearchChanges) -> HttpResponse:
    """Give it another name, or query."""
    found = saved_searches.change(id, changes.name, changes.query)
    return answer(_shape(found))


@router.delete("/{id}", response={204: None})
def delete(request: HttpRequest, id: str) -> HttpResponse:
    """Forget it."""
    saved_searches.delete(id)
    return HttpResponse(status=204)


def _shape(saved: SavedSearch) -> Shape:
    return {
        "id": str(saved.pk),
        "name": saved.name,
        "query": saved.query,
        "count": saved_searches.count(scope(), saved),
    }
