"""Queries that are kept under a name, with how many messages match them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from inbox.errors import Invalid, NotFound
from inbox.mailbox import messages
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import Scope
from inbox.models import SavedSearch
from inbox.search import language
from inbox.storage.write_lock import write_turn

MOST = 50
MAX_NAME = 64
COUNTED = 1000  # a count goes no further: "999+"


def find() -> list[SavedSearch]:
    """Return the saved searches, by name."""
    rows = SavedSearch.objects.filter(inbox=None)
    return sorted(rows, key=lambda each: (each.name.casefold(), each.pk))


def get(id: str | UUID) -> SavedSearch:
    """Return one. Raises NotFound."""
    key = as_uuid(id)
    found = SavedSearch.objects.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(_('there is no saved search "%(id)s"') % {"id": str(id)[:40]})
    return found


def save(name: str, query: str) -> SavedSearch:
    """Keep a query under a name; one of that name gets the new query.

    Raises Invalid, BadQuery.
    """
    name, query = _checked(name), query.strip()
    if not language.parse(query).groups:
        raise Invalid(_("Search for something first: there is nothing to save."))
    with write_turn():
        known = SavedSearch.objects.filter(inbox=None)
        if known.count() >= MOST and not known.filter(name=name).exists():
            raise Invalid(_("at most %(most)s searches are kept") % {"most": MOST})
        made, _new = SavedSearch.objects.update_or_create(
            name=name,
            inbox=None,
            defaults={"query": query},
            create_defaults={"query": query, "created_at": datetime.now(UTC)},
        )
    return made


def change(id: str | UUID, name: str | None, query: str | None) -> SavedSearch:
    """Give a saved search another name, or query. Raises NotFound, Invalid, BadQuery."""
    key = get(id).pk
    changes = {}
    if name is not None:
        changes["name"] = _checked(name)
    if query is not None:
        if not language.parse(query).groups:
            raise Invalid(_("a saved search looks for something"))
        changes["query"] = query.strip()
    try:
        with write_turn():
            # Not by save(), which would bring back one that was forgotten meanwhile.
            SavedSearch.objects.filter(pk=key).update(**changes)
    except IntegrityError:
        raise Invalid(
            _('there is a search named "%(name)s"') % {"name": changes["name"]}
        ) from None
    return get(key)


def delete(id: str | UUID) -> None:
    """Forget one. Raises NotFound."""
    found = get(id)
    with write_turn():
        found.delete()


def count(scope: Scope, saved: SavedSearch) -> int | None:
    """Return how many messages match, up to COUNTED; None: it is no query."""
    try:
        return messages.count(scope, saved.query, COUNTED)
    except language.BadQuery:  # of an older version, whose language was another
        return None


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid(
            _("a name has 1 to %(most)s characters, none of them a control")
            % {"most": MAX_NAME}
        )
    return name
