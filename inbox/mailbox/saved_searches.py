"""Queries that are saved under a name, with their numbers of matching messages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.errors import Forbidden, Invalid, NotFound
from inbox.given_names import clean_name
from inbox.mailbox import messages
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import ALL, Scope
from inbox.models import SavedSearch
from inbox.search import language
from inbox.storage.bounded import TooCostly, within
from inbox.storage.write_lock import write_turn

MOST = 50
MAX_NAME = 64
COUNTED = 1000  # a count stops there: "999+"
_SECONDS = 0.5  # for a count along with a change


def find(user: int | None = None) -> list[SavedSearch]:
    """Return a user's saved searches and those that all share, by name."""
    rows = SavedSearch.objects.filter(_seen(user), inbox=None)
    return sorted(rows, key=lambda each: (each.name.casefold(), each.pk))


def get(id: str | UUID, user: int | None = None) -> SavedSearch:
    """Return a saved search that the user can see. Raises NotFound."""
    key = as_uuid(id)
    found = SavedSearch.objects.filter(_seen(user), pk=key).first() if key else None
    if found is None:
        raise NotFound(_('there is no saved search "%(id)s"') % {"id": str(id)[:40]})
    return found


def save(name: str, query: str, user: int | None = None) -> SavedSearch:
    """Save a user's query under a name; an existing search of that name gets the new query.

    Raises Invalid, BadQuery.
    """
    name, query = clean_name(name, MAX_NAME), query.strip()
    if not language.parse(query).groups:
        raise Invalid(_("Search for something first: there is nothing to save."))
    with write_turn():
        known = SavedSearch.objects.filter(inbox=None, user=user)
        if known.count() >= MOST and not known.filter(name=name).exists():
            raise Invalid(_("at most %(most)s searches are kept") % {"most": MOST})
        made, _new = known.update_or_create(
            name=name,
            defaults={"query": query},
            create_defaults={
                "query": query,
                "created_at": datetime.now(UTC),
                "user_id": user,
            },
        )
    return made


def change(
    id: str | UUID,
    name: str | None,
    query: str | None,
    user: int | None = None,
    scope: Scope = ALL,
) -> SavedSearch:
    """Change the name or query of a saved search.

    Raises NotFound, Forbidden, Invalid, BadQuery.
    """
    key = _changeable(id, user, scope).pk
    changes = {}
    if name is not None:
        changes["name"] = clean_name(name, MAX_NAME)
    if query is not None:
        if not language.parse(query).groups:
            raise Invalid(_("a saved search needs a query"))
        changes["query"] = query.strip()
    try:
        with write_turn():
            # Not save(), which would bring back a search that was deleted meanwhile.
            SavedSearch.objects.filter(pk=key).update(**changes)
    except IntegrityError:
        raise Invalid(
            _('there is a search named "%(name)s"') % {"name": changes["name"]}
        ) from None
    return get(key, user)


def delete(id: str | UUID, user: int | None = None, scope: Scope = ALL) -> None:
    """Delete a saved search. Raises NotFound, Forbidden."""
    found = _changeable(id, user, scope)
    with write_turn():
        found.delete()


def count(scope: Scope, saved: SavedSearch) -> int | None:
    """Return the number of matching messages, up to COUNTED; None if the query is invalid."""
    try:
        return messages.count(scope, saved.query, COUNTED)
    except language.BadQuery:  # saved by an older version, with another language
        return None


def quick_count(scope: Scope, saved: SavedSearch) -> int | None:
    """Return the same count along with a change; None if it takes too long.

    It is for places where no other limit applies.
    """
    try:
        with within(_SECONDS):
            return count(scope, saved)
    except TooCostly:
        return None


def _seen(user: int | None) -> Q:
    return Q(user=None) | Q(user=user) if user else Q(user=None)


def _changeable(id: str | UUID, user: int | None, scope: Scope) -> SavedSearch:
    """Return a search that the user can change; shared ones need access to all inboxes."""
    found = get(id, user)
    if found.user_id is None and scope.inboxes is not None:
        raise Forbidden(
            _("All users share this search: only an administrator can change it.")
        )
    return found
