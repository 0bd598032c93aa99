"""Near misses: which recent messages almost answered a query, and what they failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from inbox.models import Message, Transaction
from inbox.services import conditions, inboxes, messages, search
from inbox.services.messages import Entry
from inbox.services.scope import Scope
from inbox.services.transactions import Attempt

_RECENT = 50  # entries that are looked at
_MOST = 10  # near misses that are told


@dataclass(slots=True)
class NearMiss:
    """A message, or a transaction that was not accepted, and the terms it fails."""

    entry: Entry
    failed: list[str] = field(default_factory=list)


def near_misses(
    scope: Scope, q: str, inbox: str | None = None, after: UUID | None = None
) -> list[NearMiss]:
    """Return the recent entries that match a part of what was waited for.

    Those that fail least come first, then the newest. Where the query is one term
    only, all that is recent misses it nearly. Raises BadQuery.
    """
    query = search.parse(q)
    misses = {
        each.id: NearMiss(each) for each in messages.entries(scope, limit=_RECENT).items
    }
    for group in query.groups:
        matching = _matching(Message, group, conditions.MESSAGES, misses)
        matching |= _matching(Transaction, group, conditions.TRANSACTIONS, misses)
        for id in misses.keys() - matching:
            misses[id].failed.append(" OR ".join(map(str, group)))
    enough = max(1, len(query.groups) - 1)
    found = [each for each in misses.values() if len(each.failed) <= enough]
    for each in found:
        each.failed += _other_failures(each.entry, inbox, after)
    found = [each for each in found if each.failed]
    return sorted(found, key=lambda each: len(each.failed))[:_MOST]


def _matching(
    model: type[Message | Transaction],
    group: tuple[search.Term, ...],
    table: dict[str, conditions.Condition],
    ids: Iterable[UUID],
) -> set[UUID]:
    rows = model._default_manager.filter(search.of_group(group, table), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _other_failures(
    entry: Entry, inbox: str | None, after: UUID | None
) -> Iterable[str]:
    if isinstance(entry, Attempt):
        yield f"accepted (it was {entry.outcome})"
    if inbox and inboxes.slug(entry.inbox_id) != inbox:
        yield f"inbox={inbox}"
    if after and entry.id <= after:
        yield f"after={after}"
