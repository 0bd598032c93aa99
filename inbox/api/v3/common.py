"""Parameters and answers that the routes of API v3 share."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse
from ninja.params.functions import Path, Query

from inbox.access.current import scope as scope
from inbox.http import as_json
from inbox.mailbox import inboxes
from inbox.mailbox.paging import DEFAULT_LIMIT, MAX_LIMIT


def path(description: str, example: Any) -> Any:
    """Return a path parameter with its description."""
    return Path(description=description, example=str(example))


def query(description: str, example: Any = None, **limits: Any) -> Any:
    """Return a query parameter with its description. limits: ge, le and the like"""
    return Query(description=description, example=example, **limits)


Cursor = Annotated[
    str | None, query("The `next` of the previous page; none for the first page.")
]
Limit = Annotated[int, query("The most objects in a page.", ge=1, le=MAX_LIMIT)]
Search = Annotated[
    str, query("A search, as in the search box of the pages.", "to:ann@example.com")
]
InboxSlug = Annotated[
    str | None, query("The slug of an inbox; all inboxes if you leave it out.")
]
MessageId = Annotated[
    str, path("The id of a message, or latest for the newest one.", "latest")
]
Include = Annotated[
    str,
    query(
        "What to add to each message, separated by commas: text, html, headers, codes, "
        "links, attachments.",
        "text,codes",
    ),
]
ANY_ID = "06a0bd86-5c1b-7f3e-8000-2f6f1d1c9a01"  # in examples
SessionId = Annotated[str, path("The id of a session.", ANY_ID)]
TransactionId = Annotated[str, path("The id of a transaction.", ANY_ID)]

LIMIT = DEFAULT_LIMIT


def answer(shape: Any, status: int = 200) -> HttpResponse:
    """Return an object as JSON. Our own code made the object, so it is not validated again."""
    return as_json.answer(shape, status)


def known_inbox(slug: str | None) -> str | None:
    """Return the slug if such an inbox exists. Raises NotFound."""
    return inboxes.by_slug(scope(), slug).slug if slug is not None else None
