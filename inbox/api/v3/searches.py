"""API v3: saved searches."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox.api.v3 import schemas, shapes
from inbox.api.v3.common import answer, scope
from inbox.api.v3.shapes import Shape
from inbox.models import SavedSearch
from inbox.services import messages, saved_searches
from inbox.services.saved_searches import COUNTED

router = Router()


@router.get("", response=schemas.Page[schemas.SavedSearch])
def find(request: HttpRequest) -> HttpResponse:
    """Saved searches, by name."""
    found = saved_searches.counts(scope())
    return answer(shapes.page((_shape(each, n) for each, n in found), None))


@router.post("", response={201: schemas.SavedSearch})
def save(request: HttpRequest, given: schemas.SearchToSave) -> HttpResponse:
    """Keep a query under a name; one of that name gets the new query."""
    return answer(_counted(saved_searches.save(given.name, given.query)), 201)


@router.patch("/{id}", response=schemas.SavedSearch)
def change(
    request: HttpRequest, id: str, changes: schemas.SearchChanges
) -> HttpResponse:
    """Give it another name, or query."""
    found = saved_searches.change(id, changes.name, changes.query)
    return answer(_counted(found))


@router.delete("/{id}", response={204: None})
def delete(request: HttpRequest, id: str) -> HttpResponse:
    """Forget it."""
    saved_searches.delete(id)
    return HttpResponse(status=204)


def _counted(saved: SavedSearch) -> Shape:
    return _shape(saved, messages.count(scope(), saved.query, COUNTED))


def _shape(saved: SavedSearch, count: int | None) -> Shape:
    return {
        "id": str(saved.pk),
        "name": saved.name,
        "query": saved.query,
        "count": count,
    }
