"""Pages by keyset, and ids in the form that people give, for all lists and look-ups.

Newest first; the `next` of a page is the cursor for the following page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from inbox.errors import BadRequest

T = TypeVar("T")
M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
MOST_OCTETS = 2_000_000  # of the texts in a page; clients choose their length


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and the cursor of the next part; None at the list's end."""

    items: Sequence[T]
    next: str | None


def as_uuid(text: str | UUID) -> UUID | None:
    """Return the UUID in a text of 36 characters, or None."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def as_cursor(text: str | None) -> UUID | None:
    """Return the id in a cursor; None for the first page. Raises BadRequest."""
    if not text:
        return None
    if cursor := as_uuid(text):
        return cursor
    raise not_a_cursor()


def not_a_cursor() -> BadRequest:
    """Return the error for a cursor that no page gave."""
    return BadRequest(
        _('cursor: not a cursor; give the "next" of the previous page, unchanged')
    )


def within(limit: int) -> int:
    """Return limit, restricted to the maximum of a page."""
    return max(1, min(limit, MAX_LIMIT))


def newest(rows: QuerySet[M], cursor: str | None, limit: int) -> Page[M]:
    """Return a page of rows whose ids are in the order of time. Raises BadRequest."""
    if before := as_cursor(cursor):
        rows = rows.filter(pk__lt=before)
    limit = within(limit)
    found = list(rows.order_by("-pk")[: limit + 1])
    more = len(found) > limit
    return Page(found[:limit], str(found[limit - 1].pk) if more else None)


def fitting(octets: Iterable[int]) -> int:
    """Return how many entries with these octets fit in a page, at least one."""
    total = number = 0
    for number, each in enumerate(octets, 1):
        total += each
        if total > MOST_OCTETS:
            return max(1, number - 1)
    return number
