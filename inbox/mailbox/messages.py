"""Reads messages; a scope says which are visible.

Lists are paged by id, newest first, and never touch bodies. Messages come with their
transaction, with `read`, and with the `number` of their attempt.
"""

from __future__ import annotations

import sys
from bisect import bisect
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Literal, TypedDict, TypeVar
from uuid import UUID

from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.mailbox import discussion, read_marks, transactions
from inbox.mailbox.paging import Page, as_cursor, as_uuid, fitting, not_a_cursor, within
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Fingerprint, Message, Raw
from inbox.search import language
from inbox.search.read_state import is_read
from inbox.search.sql import is_not_empty
from inbox.storage import acts, body_store
from inbox.storage.compiled_rows import CompiledRows

LATEST = "latest"

Entry = Message | TransactionSummary
Show = Literal["all", "mail", "failed"]  # the entries that a list shows
E = TypeVar("E", Message, Entry)


class Counts(TypedDict):
    messages: int
    unread: int
    not_accepted: int


_NUMBER = Subquery(
    Fingerprint.objects.filter(pk=OuterRef("transaction_id")).values("attempt")[:1]
)
_ALIVE = Q(deleted_at__isnull=True)
_IS_TAGGED = is_not_empty("tags")


@lru_cache(maxsize=1000)
def _rows_for(reader: int | None) -> QuerySet[Message]:
    """Return all messages with the fields of lists. Cached: building the query is slow."""
    return Message.objects.select_related("transaction").annotate(
        read=ExpressionWrapper(is_read(reader), BooleanField()),
        number=_NUMBER,
        assignee=discussion.ASSIGNEE,
        comment_count=discussion.COMMENTS,
    )


def _loaded(scope: Scope, *conditions: Q) -> QuerySet[Message]:
    """Return the messages of the scope that fit, with the fields of lists."""
    return _rows_for(scope.reader).filter(scope.q(), *conditions)


@lru_cache(maxsize=200)
def _compiled(scope: Scope, *conditions: Q) -> CompiledRows[Message]:
    return CompiledRows(_loaded(scope, *conditions))


def _by_ids(scope: Scope, ids: Collection[UUID], *conditions: Q) -> list[Message]:
    """Return messages by id, whose transactions do not refer back to them.

    Django lets them. Only a garbage collection would free such pairs, and it runs late.
    """
    found = _compiled(scope, *conditions).find(ids)
    for each in found:
        each.transaction._state.fields_cache.pop("message", None)
    return found


def matching(
    scope: Scope,
    query: language.Query,
    inbox: str | None = None,
    condition: Q | None = None,
) -> QuerySet[Message]:
    """Return the matching messages, unordered; those in the trash only if the query asks.

    condition: used instead of the query's own
    """
    if condition is None:
        condition = language.messages(query, scope.reader)
    rows = Message.objects.filter(scope.q(), condition)
    if not query.wants_deleted:
        rows = rows.filter(_ALIVE)
    return rows.filter(inbox__slug=inbox) if inbox else rows


def find(
    scope: Scope,
    q: str = "",
    cursor: str | None = None,
    limit: int = 50,
    inbox: str | None = None,
    after: UUID | None = None,
) -> Page[Message]:
    """Return the messages that match q, newest first; only those later than after."""
    query = language.parse(q)
    limit = within(limit)
    before = as_cursor(cursor)
    ids = _first(scope, query, inbox, before, after, limit + 1)
    return _page(_by_ids(scope, ids), ids, limit)


def page_of(found: Iterable[Message], limit: int) -> Page[Message]:
    """Return the first page of these messages, newest first."""
    newest = sorted(found, key=lambda each: each.pk, reverse=True)
    return _page(newest, [each.pk for each in newest], within(limit))


def _first(
    scope: Scope,
    query: language.Query,
    inbox: str | None,
    before: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """Return the ids of the newest matching messages, without loading more.

    A page is usually found among the newest hits of each word, in a tenth of the time
    that all hits take.
    """
    condition = newest = None
    if not after:
        newest = language.newest_messages(query, scope.reader, before)
    if newest is not None:
        rows = _between(matching(scope, query, inbox, newest.condition), before, None)
        ids = _newest(rows, limit)
        if len(ids) == limit:
            return ids
        condition = language.messages(query, scope.reader, newest.known)
    rows = matching(scope, query, inbox, condition)
    return _newest(_between(rows, before, after), limit)


def _between(
    rows: QuerySet[Message], before: UUID | None, after: UUID | None
) -> QuerySet[Message]:
    if before:
        rows = rows.filter(pk__lt=before)
    return rows.filter(pk__gt=after) if after else rows


def _newest(rows: QuerySet[Message], limit: int) -> list[UUID]:
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:limit])


def entries(
    scope: Scope,
    q: str = "",
    cursor: str | None = None,
    limit: int = 50,
    inbox: str | None = None,
    show: Show = "all",
) -> Page[Entry]:
    """Return messages, and transactions that were not accepted, newest first.

    Each has a `kind`: "message" or "transaction". Raises BadRequest.
    """
    query = language.parse(q)
    limit = within(limit)
    before = as_cursor(cursor)
    octets: dict[UUID, int] = {}
    if show != "failed":
        ids = _first(scope, query, inbox, before, None, limit + 1)
        octets |= dict.fromkeys(ids, 0)  # counted once they are loaded
    if show != "mail":
        octets |= _not_accepted(scope, query, inbox, before, limit + 1)
    ids = sorted(octets, reverse=True)[: limit + 1]
    limit = min(limit, fitting(octets[each] for each in ids))
    ids = ids[: limit + 1]
    found: list[Entry] = [
        *_by_ids(scope, ids),
        *transactions.by_ids(ids),
    ]
    return _page(found, ids, limit)


def _not_accepted(
    scope: Scope,
    query: language.Query,
    inbox: str | None,
    before: UUID | None,
    limit: int,
) -> dict[UUID, int]:
    """Return the newest matching transactions that were not accepted.

    See transactions.first.
    """
    rows = transactions.not_accepted(scope, query)
    if inbox:
        rows = rows.filter(inbox__slug=inbox)
    if before:
        rows = rows.filter(pk__lt=before)
    return transactions.first(rows.order_by("-pk"), limit)


def _page(found: Iterable[E], ids: Sequence[UUID], limit: int) -> Page[E]:
    """Return a page of the entries found, newest first.

    ids: newest first, one more than a page holds. Some entries may have been removed
    since their ids were read; the list goes on after them all the same.
    """
    there = {each.id: each for each in found}
    shown = [there[id] for id in ids[:limit] if id in there]
    fit = fitting(each.octets if isinstance(each, Message) else 0 for each in shown)
    if fit < len(shown):
        return Page(shown[:fit], str(shown[fit - 1].id))
    return Page(shown, str(ids[limit - 1]) if len(ids) > limit else None)


def get(scope: Scope, id: str | UUID) -> Message:
    """Return one message by its id, or the newest for "latest". Raises NotFound."""
    rows = _loaded(scope, _ALIVE)
    if id == LATEST:
        found = rows.order_by("-pk").first()
    else:
        key = as_uuid(id)
        found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(
            _("there is no message yet")
            if id == LATEST
            else _('there is no message "%(id)s"') % {"id": id}
        )
    acts.touch(found.inbox_id, found.pk)
    return found


def deleted(scope: Scope, id: str | UUID) -> Message | None:
    """Return one message that is in the trash, or None."""
    key = as_uuid(id)
    rows = _loaded(scope, ~_ALIVE)
    return rows.filter(pk=key).first() if key else None


def earlier(scope: Scope, message: Message) -> QuerySet[Message]:
    """Return the previous messages of the same inbox, newest first."""
    rows = Message.objects.filter(scope.q(), _ALIVE, inbox=message.inbox_id)
    return rows.filter(pk__lt=message.pk).order_by("-pk")


def by_ids(scope: Scope, ids: Collection[UUID]) -> list[Message]:
    """Return those of these messages that exist and are not in the trash."""
    return _by_ids(scope, ids, _ALIVE)


def open_raw(message: Message) -> bytes:
    """Return a message's octets, as sent. Raises NotFound if they are gone."""
    raw = Raw.objects.filter(pk=message.transaction_id).first()
    if raw is None:
        raise NotFound(_("the body of message %(pk)s is gone") % {"pk": message.pk})
    return transactions.read_body(raw)


def open_start(message: Message, octets: int) -> bytes:
    """Return the first octets of a message, which may be large; none if it is gone."""
    raw = Raw.objects.filter(pk=message.transaction_id).first() if octets else None
    if raw is None:
        return b""
    try:
        return body_store.read_start(raw, octets)
    except FileNotFoundError:
        return b""


def count(scope: Scope, q: str, most: int | None = None) -> int:
    """Return the number of messages that match q, counted up to most. Raises BadQuery."""
    query = language.parse(q)
    if most is not None:
        return _count_up_to(scope, query, most)
    return matching(scope, query).count()


def by_message_id(scope: Scope, message_id: str) -> Message | None:
    """Return the newest message with a Message-ID, through the indexer's fingerprints."""
    if not message_id:
        return None
    length = Fingerprint._meta.get_field("message_id").max_length
    prints = Fingerprint.objects.filter(message_id=message_id[:length])
    rows = Message.objects.filter(scope.q(), _ALIVE, message_id=message_id)
    found = rows.filter(transaction__in=prints.values("transaction"))
    return found.order_by("-pk").first()


def count_entries(scope: Scope, q: str, most: int, show: Show = "all") -> int:
    """Return the number of entries that match q, counted up to most: see entries.

    Raises BadQuery.
    """
    query = language.parse(q)
    found = _count_up_to(scope, query, most) if show != "failed" else 0
    if show == "mail" or found == most:
        return found
    return found + transactions.not_accepted(scope, query)[: most - found].count()


def _count_up_to(scope: Scope, query: language.Query, most: int) -> int:
    """Return the number of matching messages; the newest hits of each word may suffice."""
    condition = None
    if newest := language.newest_messages(query, scope.reader):
        if matching(scope, query, None, newest.condition)[:most].count() == most:
            return most
        condition = language.messages(query, scope.reader, newest.known)
    return matching(scope, query, None, condition)[:most].count()


def counts(scope: Scope) -> Counts:
    """Return the numbers of messages: all, unread, failed."""
    alive = Message.objects.filter(scope.q(), _ALIVE).count()
    return {
        "messages": alive,
        "unread": max(0, alive - read_marks.count_read(scope)),
        "not_accepted": transactions.count_not_accepted(scope),
    }


def tags(scope: Scope) -> Counter[str]:
    """Return the tags in use, with the number of messages of each."""
    tagged = Message.objects.filter(scope.q(), _ALIVE, _IS_TAGGED)
    lists = tagged.values_list("tags", flat=True).iterator()
    return Counter(tag for tags in lists for tag in tags)


def tag_page(
    scope: Scope, cursor: str | None, limit: int, most_first: bool = False
) -> Page[tuple[str, int]]:
    """Return a page of the tags in use, each with its number of messages. Raises BadRequest.

    most_first: sorted by the number of messages, else by name
    """
    ranked = sorted(
        (-count if most_first else 0, name, count)
        for name, count in tags(scope).items()
    )
    start = 0
    if cursor:
        rank, _blank, name = cursor.partition(" ")
        if not (rank.isascii() and rank.isdigit() and name and len(rank) < 19):
            raise not_a_cursor()
        start = bisect(ranked, (-int(rank), name, sys.maxsize))
    end = start + within(limit)
    items = [(name, count) for _rank, name, count in ranked[start:end]]
    if end >= len(ranked):
        return Page(items, None)
    last_rank, last, _count = ranked[end - 1]
    return Page(items, f"{-last_rank} {last}")
