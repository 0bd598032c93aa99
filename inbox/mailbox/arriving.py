"""Tests which of the awaited conditions the newly arrived messages match.

Messages are read once for all conditions. The words of most conditions already show
that no message matches; each other condition is one cheap query, which is compiled
once.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection

from inbox.mailbox import messages
from inbox.mailbox.scope import Scope
from inbox.models import Message
from inbox.search import fields, language
from inbox.search.fulltext.index import forward_paths, texts
from inbox.search.fulltext.tokens import tokens
from mailsink.ids import first_at

AT_ONCE = 256  # messages tested at a time
_BATCH = 16  # ids in a query; only one query of this size is compiled
_RECENT = 10.0  # seconds
_MOST = 500  # recent messages
_LONGEST_PHRASE = 50  # tokens
_MOST_WAITING = 1000  # messages whose words are kept
_SHORT = 4000  # characters of words that are kept: a hostile message has millions

INDEXED_WITHIN = 5.0  # seconds after a message arrived; after that it counts as it is

State = Literal["new", "indexed", "overdue"]
Sql = tuple[str, tuple[Any, ...]] | None  # None if no message can match
Words = Mapping[str, str]  # by column of the index, with a space before each word

# The column that contains the words of a term in each message that matches the term.
_COLUMNS = {
    "from": "sender",
    "to": "recipients",
    "cc": "recipients",
    "subject": "subject",
}


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A new message. is_due: it is indexed, or indexing took too long"""

    id: UUID
    is_due: bool
    words: Words


class CompiledQuery:
    """A condition that requests wait for, to test new messages with."""

    def __init__(self, scope: Scope, q: str, inbox: str | None) -> None:
        """Raises BadQuery if the query cannot be parsed."""
        self._scope, self._inbox = scope, inbox
        self._query = language.parse(q)
        self.cost = language.cost(q)
        self._compiled: list[Sql] = []
        self._words = _words(self._query)
        terms = [term for group in self._query.groups for term in group]
        self._asks_index = any(
            each.field in fields.BY_WORDS or each.field == "has" for each in terms
        )

    def forget(self) -> None:
        """Compile again: the words are then also searched for in messages not yet indexed."""
        self._compiled.clear()

    def prepare(self) -> None:
        """Compile in advance, before messages arrive."""
        if not self._compiled:
            self._compiled.append(self._compile())

    def may_match(self, words: Words) -> bool:
        """Return whether a message, or one of several, with these words may match.

        If hundreds of requests wait, each for its own address, this saves a query for
        each.
        """
        for column, own in self._words:  # noqa: SIM110  called a hundred thousand times a second
            if own not in words[column]:
                return False
        return True

    def to_index(self, arrivals: Sequence[NewMessage]) -> list[UUID]:
        """Return the messages that match, or may match once they are indexed."""
        ids = self._likely(arrivals)
        return ids if self._asks_index else self._matching(ids)

    def matching(self, arrivals: Sequence[NewMessage]) -> list[UUID]:
        """Return the due messages that match."""
        return self._matching(self._likely(arrivals))

    def _likely(self, arrivals: Sequence[NewMessage]) -> list[UUID]:
        return [each.id for each in arrivals if self.may_match(each.words)]

    def _matching(self, ids: Sequence[UUID]) -> list[UUID]:
        parts = (ids[at : at + _BATCH] for at in range(0, len(ids), _BATCH))
        return [id for part in parts for id in self._asked(part)]

    def _asked(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the ids that match. ids: at most _BATCH"""
        self.prepare()
        compiled = self._compiled[0]
        if compiled is None:
            return []
        sql, parameters = compiled
        key = Message._meta.pk
        last = [key.get_db_prep_value(each, connection) for each in ids]
        last += last[:1] * (_BATCH - len(last))
        with connection.cursor() as cursor:
            cursor.execute(sql, (*parameters, *last))
            return [key.to_python(id) for (id,) in cursor.fetchall()]

    def _compile(self) -> Sql:
        """Return the SQL, and its parameters except the ids, which come last."""
        with fields.few():
            rows = messages.matching(self._scope, self._query, self._inbox)
        rows = rows.filter(pk__in=[UUID(int=number) for number in range(_BATCH)])
        try:
            sql, parameters = rows.values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            return None
        return sql, parameters[:-_BATCH]


def _words(query: language.Query) -> list[tuple[str, str]]:
    """Return the words that each match of a query has, with their columns."""
    terms = [group[0] for group in query.groups if len(group) == 1]
    found = [
        (_COLUMNS[each.field], tokens(each.value, _LONGEST_PHRASE))
        for each in terms
        if each.field in _COLUMNS and not each.negated
    ]
    return [(column, f" {' '.join(phrase)}") for column, phrase in found if phrase]


class Arrivals:
    """The messages that arrived recently, each of which is read once.

    A message is tested on arrival, and again when it is indexed, with the same words.
    """

    def __init__(self) -> None:
        self._waiting: dict[UUID, Words] = {}  # until they are due

    def read(self, ids: Sequence[UUID]) -> list[NewMessage]:
        """Return those of these messages that exist. ids: at most AT_ONCE"""
        due = first_at(time.time() - INDEXED_WITHIN)
        known = {id: self._waiting.pop(id) for id in ids if id in self._waiting}
        rows = Message.objects.filter(pk__in=list(known))
        found = [
            *((id, at, known[id]) for id, at in rows.values_list("pk", "indexed_at")),
            *_first_read([id for id in ids if id not in known]),
        ]
        read = [NewMessage(id, bool(at) or id < due, words) for id, at, words in found]
        for each in read:
            if not each.is_due and sum(map(len, each.words.values())) < _SHORT:
                self._waiting[each.id] = each.words
        for id in list(self._waiting)[:-_MOST_WAITING]:
            del self._waiting[id]
        return read


def _first_read(ids: Sequence[UUID]) -> list[tuple[UUID, datetime | None, Words]]:
    """Return the ids of messages, the times of their indexing, and their words."""
    rows = Message.objects.filter(pk__in=ids).select_related("transaction")
    found = list(rows.only(*_READ))
    paths = forward_paths(found)
    return [
        (each.pk, each.indexed_at, _words_of(each, paths.get(each.transaction_id, [])))
        for each in found
    ]


_READ = (
    "from_name", "from_address", "to", "cc", "subject", "message_id", "indexed_at", "transaction__reverse_path",
)  # fmt: skip


def _words_of(message: Message, paths: Collection[str]) -> Words:
    known = texts(message, message.transaction.reverse_path, paths)
    return {
        column: f" {' '.join(getattr(known, column))}" for column in _COLUMNS.values()
    }


def together(arrivals: Sequence[NewMessage]) -> Words:
    """Return the words of several messages as if they were one message."""
    return {
        column: "".join(each.words[column] for each in arrivals)
        for column in _COLUMNS.values()
    }


def recent() -> set[tuple[UUID, State]]:
    """Return the ids of the messages of the last seconds, each with its state."""
    now = time.time()
    since, due = first_at(now - _RECENT), first_at(now - INDEXED_WITHIN)
    rows = Message.objects.filter(pk__gte=since).order_by("-pk")
    found = rows.values_list("pk", "indexed_at")[:_MOST]
    return {
        (id, "indexed" if at else "overdue" if id < due else "new") for id, at in found
    }


def only_recent(known: Collection[tuple[UUID, State]]) -> set[tuple[UUID, State]]:
    """Return those that `recent` can still return."""
    since = first_at(time.time() - 2 * _RECENT)
    return {each for each in known if each[0] >= since}
