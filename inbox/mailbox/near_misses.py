"""The messages waited for, and near misses: recent entries that fail one term only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from inbox.mailbox import inboxes, messages
from inbox.mailbox.messages import Entry
from inbox.mailbox.paging import DEFAULT_LIMIT, Page
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Message, Transaction
from inbox.search import fields, language
from mailsink.diff import alike

_RECENT = 50  # entries that are looked at
_MOST = 10  # near misses that are listed
_COMPARED = 20  # addresses of an entry that are compared


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many messages that match q, in an inbox, later than after.

    scope: of who wants them; include: what is to be added to each
    """

    scope: Scope
    q: str = ""
    count: int = 1
    after: UUID | None = None
    inbox: str | None = None
    include: tuple[str, ...] = ()

    def page(self) -> Page[Message]:
        """Return what there is of it. Raises BadQuery."""
        return messages.find(
            self.scope, self.q, limit=self._limit, inbox=self.inbox, after=self.after
        )

    def page_of(self, found: Iterable[Message]) -> Page[Message]:
        """Return the same, where these are the messages that match q in the inbox."""
        later = (each for each in found if not self.after or each.pk > self.after)
        return messages.page_of(later, self._limit)

    @property
    def cost(self) -> int:
        """About how much a look takes; see language.cost."""
        return language.cost(self.q)

    @property
    def _limit(self) -> int:
        return max(self.count, DEFAULT_LIMIT)


@dataclass(slots=True)
class NearMiss:
    """A message, or a transaction that was not accepted, and the one term it fails.

    nearest: its value in the field of that term, where values can be near; likeness: how
    near, up to 1
    """

    entry: Entry
    failed: list[str] = field(default_factory=list)
    term: language.Term | None = None
    nearest: str = ""
    likeness: float = 0.0


def near_misses(wanted: Wanted) -> list[NearMiss]:
    """Return the recent entries that fail exactly one term of what was waited for.

    The likest come first, then the newest. Raises BadQuery.
    """
    query = language.parse(wanted.q)
    misses = {
        each.id: NearMiss(each)
        for each in messages.entries(wanted.scope, limit=_RECENT).items
    }
    of_messages = fields.messages_for(wanted.scope.reader)
    for group in query.groups:
        matching = _matching(Message, group, of_messages, misses)
        matching |= _matching(Transaction, group, fields.TRANSACTIONS, misses)
        for id in misses.keys() - matching:
            misses[id].failed.append(" OR ".join(map(str, group)))
            misses[id].term = group[0] if len(group) == 1 else None
    for each in misses.values():
        each.failed += _other_failures(each.entry, wanted)
    found = [each for each in misses.values() if len(each.failed) == 1]
    for each in found:
        _compare(each)
    return sorted(found, key=lambda each: -each.likeness)[:_MOST]


def arrived(wanted: Wanted) -> int:
    """Return how many messages there are, whatever they match; _RECENT at most."""
    rows = messages.matching(wanted.scope, language.Query(), wanted.inbox)
    if wanted.after:
        rows = rows.filter(pk__gt=wanted.after)
    return rows[:_RECENT].count()


def _compare(miss: NearMiss) -> None:
    """Find what is nearest to the term that an entry fails."""
    term = miss.term
    if term is None or term.negated or term.field not in _VALUES:
        return
    for value in _VALUES[term.field](miss.entry)[:_COMPARED]:
        likeness = alike(term.value.lower(), value.lower())
        if likeness > miss.likeness:
            miss.nearest, miss.likeness = value, likeness


def _recipients(entry: Entry) -> list[str]:
    if isinstance(entry, TransactionSummary):
        return [each.forward_path for each in entry.recipients]
    return [each["address"] for each in (*entry.to, *entry.cc)]


_VALUES: dict[str, Callable[[Entry], list[str]]] = {
    "to": _recipients,
    "cc": _recipients,
    "from": lambda entry: [entry.from_address],
    "subject": lambda entry: [entry.subject],
}


def _matching(
    model: type[Message | Transaction],
    group: tuple[language.Term, ...],
    table: dict[str, fields.Condition],
    ids: Iterable[UUID],
) -> set[UUID]:
    with fields.few():
        condition = language.of_group(group, table)
    rows = model._default_manager.filter(condition, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _other_failures(entry: Entry, wanted: Wanted) -> Iterable[str]:
    if isinstance(entry, TransactionSummary):
        yield f"accepted (it was {entry.outcome})"
    if wanted.inbox and inboxes.slug(entry.inbox_id) != wanted.inbox:
        yield f"inbox={wanted.inbox}"
    if wanted.after and entry.id <= wanted.after:
        yield f"after={wanted.after}"
