"""The awaited messages, and near misses: recent entries that fail only one term."""

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

_RECENT = 50  # entries that are compared
_MOST = 10  # near misses that are listed
_COMPARED = 20  # addresses of an entry that are compared


@dataclass(frozen=True, slots=True)
class Wanted:
    """A number of messages that match q, in an inbox, later than `after`.

    scope: the caller's; include: the content to add to each message
    """

    scope: Scope
    q: str = ""
    count: int = 1
    after: UUID | None = None
    inbox: str | None = None
    include: tuple[str, ...] = ()

    def page(self) -> Page[Message]:
        """Return the wanted messages that exist. Raises BadQuery."""
        return messages.find(
            self.scope, self.q, limit=self._limit, inbox=self.inbox, after=self.after
        )

    def page_of(self, found: Iterable[Message]) -> Page[Message]:
        """Return the same page, given the messages that match q in the inbox."""
        later = (each for each in found if not self.after or each.pk > self.after)
        return messages.page_of(later, self._limit)

    @property
    def cost(self) -> int:
        """The approximate cost of a look; see language.cost."""
        return language.cost(self.q)

    @property
    def _limit(self) -> int:
        return max(self.count, DEFAULT_LIMIT)


@dataclass(slots=True)
class NearMiss:
    """A message, or a transaction that was not accepted, and the one term it fails.

    nearest: the most similar value in the term's field, if values can be similar;
    likeness: the similarity, up to 1
    """

    entry: Entry
    failed: list[str] = field(default_factory=list)
    term: language.Term | None = None
    nearest: str = ""
    likeness: float = 0.0


def near_misses(wanted: Wanted) -> list[NearMiss]:
    """Return the recent entries that fail exactly one term of the wanted query.

    The most similar come first, then the newest. Raises BadQuery.
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
    """Return the number of messages in the inbox, ignoring the query; at most _RECENT."""
    rows = messages.matching(wanted.scope, language.Query(), wanted.inbox)
    if wanted.after:
        rows = rows.filter(pk__gt=wanted.after)
    return rows[:_RECENT].count()


def _compare(miss: NearMiss) -> None:
    """Find the value that is most similar to the term that an entry fails."""
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
