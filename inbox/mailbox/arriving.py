"""Which of what is waited for the messages that have just come match.

A condition is compiled once; each batch of ids is then one cheap query for it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection

from inbox.mailbox import messages
from inbox.mailbox.scope import Scope
from inbox.models import Message
from inbox.search import language
from inbox.search.fulltext.index import forward_paths, recipient_tokens
from inbox.search.fulltext.tokens import tokens
from mailsink.ids import first_at

_BATCHES = (16, 256)  # ids in a query: few as mail usually comes, many when it pours
_RECENT = 10.0  # seconds
_MOST = 500  # recent messages
_LONGEST_PHRASE = 50  # tokens

INDEXED_WITHIN = 5.0  # seconds after a message came; then it is told as it is

State = Literal["new", "indexed", "overdue"]
Sql = tuple[str, tuple[Any, ...]] | None  # None where nothing can match


class CompiledQuery:
    """A query of the search language in an inbox, to test ids with."""

    def __init__(self, scope: Scope, q: str, inbox: str | None) -> None:
        self._asked = scope, q, inbox
        self._compiled: dict[int, Sql] = {}
        self._recipients = _wanted_recipients(q)

    def forget(self) -> None:
        """Compile again: words are then found in what is not indexed by now, too."""
        self._compiled.clear()

    def may_match(self, recipients: str | None) -> bool:
        """Return whether some message may match, by the words of all their recipients.

        Where hundreds wait, each for an address of its own, it saves a query for each.
        recipients: None where they are not known
        """
        return recipients is None or all(
            words in recipients for words in self._recipients
        )

    def matches_any(self, ids: Sequence[UUID]) -> bool:
        """Return whether any of these messages matches."""
        size = next((each for each in _BATCHES if len(ids) <= each), _BATCHES[-1])
        return any(
            self._matches(size, ids[start : start + size])
            for start in range(0, len(ids), size)
        )

    def _matches(self, size: int, ids: Sequence[UUID]) -> bool:
        try:
            compiled = self._compiled[size]
        except KeyError:
            compiled = self._compiled[size] = self._compile(size)
        if compiled is None:
            return False
        sql, parameters = compiled
        key = Message._meta.pk
        last = [key.get_db_prep_value(each, connection) for each in ids]
        last += last[:1] * (size - len(last))
        with connection.cursor() as cursor:
            cursor.execute(sql, (*parameters, *last))
            return cursor.fetchone() is not None

    def _compile(self, size: int) -> Sql:
        """Return the SQL, and its parameters without the ids, which come last."""
        scope, q, inbox = self._asked
        rows = messages.matching(scope, language.parse(q), inbox).filter(
            pk__in=[UUID(int=number) for number in range(size)]
        )
        try:
            sql, parameters = rows.values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            return None
        return sql, parameters[:-size]


def _wanted_recipients(q: str) -> list[str]:
    """Return what stands in the words of recipients of each message that matches a query."""
    terms = (group[0] for group in language.parse(q).groups if len(group) == 1)
    phrases = (
        tokens(each.value, _LONGEST_PHRASE)
        for each in terms
        if each.field == "to" and not each.negated
    )
    return [f" {' '.join(each)}" for each in phrases if each]


def recipients(scope: Scope, ids: Sequence[UUID]) -> str | None:
    """Return the words of the recipients of messages, as the index of words has them.

    None where the messages are too many to be looked at.
    """
    if len(ids) > _BATCHES[-1]:
        return None
    rows = Message.objects.filter(scope.q(), pk__in=ids)
    found = list(rows.only("to", "cc", "transaction_id"))
    paths = forward_paths(found)
    words: list[str] = []
    for each in found:
        words += recipient_tokens(each, paths.get(each.transaction_id, []))
    return f" {' '.join(words)}"


def not_indexed(scope: Scope, ids: Collection[UUID]) -> set[UUID]:
    """Return the messages that are still to be indexed, and not overdue."""
    due = first_at(time.time() - INDEXED_WITHIN)
    fresh = [id for id in ids if id >= due]
    found: set[UUID] = set()
    for start in range(0, len(fresh), _BATCHES[-1]):
        some = fresh[start : start + _BATCHES[-1]]
        rows = Message.objects.filter(scope.q(), pk__in=some, indexed_at=None)
        found.update(rows.values_list("pk", flat=True))
    return found


def recent(scope: Scope) -> set[tuple[UUID, State]]:
    """Return the ids of what came within the last seconds, and how far each is."""
    now = time.time()
    since, due = first_at(now - _RECENT), first_at(now - INDEXED_WITHIN)
    rows = Message.objects.filter(scope.q(), pk__gte=since).order_by("-pk")
    found = rows.values_list("pk", "indexed_at")[:_MOST]
    return {
        (id, "indexed" if at else "overdue" if id < due else "new") for id, at in found
    }


def only_recent(known: Collection[tuple[UUID, State]]) -> set[tuple[UUID, State]]:
    """Return those that `recent` may tell of."""
    since = first_at(time.time() - 2 * _RECENT)
    return {each for each in known if each[0] >= since}
