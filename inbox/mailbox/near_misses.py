"""The messages waited for, and near misses: recent entries that almost match."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from inbox.mailbox import inboxes, messages
from inbox.mailbox.messages import Entry
from inbox.mailbox.paging import DEFAULT_LIMIT, Page
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Message, Transaction
from inbox.search import fields, language

_RECENT = 50  # entries that are looked at
_MOST = 10  # near misses that are told


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many messages that match q, in an inbox, later than after."""

    q: str = ""
    count: int = 1
    after: UUID | None = None
    inbox: str | None = None

    def page(self, scope: Scope) -> Page[Message]:
        """Return what there is of it. Raises BadQuery."""
        limit = max(self.count, DEFAULT_LIMIT)
        return messages.find(
            scope, self.q, limit=limit, inbox=self.inbox, after=self.after
        )


@dataclass(slots=True)
class NearMiss:
    """A message, or a transaction that was not accepted, and the terms it fails."""

    entry: Entry
    failed: list[str] = field(default_factory=list)


def near_misses(scope: Scope, wanted: Wanted) -> list[NearMiss]:
    """Return the recent entries that match a part of what was waited for.

    Those that fail least come first, then the newest. Where the query is one term
    only, all that is recent misses it nearly. Raises BadQuery.
    """
    query = language.parse(wanted.q)
    misses = {
        each.id: NearMiss(each) for each in messages.entries(scope, limit=_RECENT).items
    }
    for group in query.groups:
        matching = _matching(Message, group, fields.MESSAGES, misses)
        matching |= _matching(Transaction, group, fields.TRANSACTIONS, misses)
        for id in misses.keys() - matching:
            misses[id].failed.append(" OR ".join(map(str, group)))
    enough = max(1, len(query.groups) - 1)
    found = [each for each in misses.values() if len(each.failed) <= enough]
    for each in found:
        each.failed += _other_failures(each.entry, wanted)
    found = [each for each in found if each.failed]
    return sorted(found, key=lambda each: len(each.failed))[:_MOST]


def _matching(
    model: type[Message | Transaction],
    group: tuple[language.Term, ...],
    table: dict[str, fields.Condition],
    ids: Iterable[UUID],
) -> set[UUID]:
    rows = model._default_manager.filter(language.of_group(group, table), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _other_failures(entry: Entry, wanted: Wanted) -> Iterable[str]:
    if isinstance(entry, TransactionSummary):
        yield f"accepted (it was {entry.outcome})"
    if wanted.inbox and inboxes.slug(entry.inbox_id) != wanted.inbox:
        yield f"inbox={wanted.inbox}"
    if wanted.after and entry.id <= wanted.after:
        yield f"after={wanted.after}"
