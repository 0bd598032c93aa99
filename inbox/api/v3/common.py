"""Parameters and answers that the routes of API v3 have in common."""

from __future__ import annotations

import json
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query

from inbox.mailbox import inboxes
from inbox.mailbox.paging import DEFAULT_LIMIT, MAX_LIMIT
from inbox.mailbox.scope import ALL, Scope

Cursor = Annotated[str | None, Query(description='the "next" of the page before')]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Search = Annotated[str, Query(description="the search language")]
InboxSlug = Annotated[str | None, Query(description="an inbox's slug")]

LIMIT = DEFAULT_LIMIT


def scope() -> Scope:
    """Return what the caller may see: all, until there are accounts."""
    return ALL


def answer(shape: Any, status: int = 200) -> HttpResponse:
    """Return an object as JSON. Our own code made it, so nothing checks it again."""
    return HttpResponse(
        json.dumps(shape), status=status, content_type="application/json"
    )


def known_inbox(slug: str | None) -> str | None:
    """Return the slug, if there is such an inbox. Raises NotFound."""
    return inboxes.by_slug(scope(), slug).slug if slug is not None else None
