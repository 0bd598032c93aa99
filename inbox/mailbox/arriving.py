"""Which of what is waited for the messages that have just come match.

They are read once for all conditions. Most conditions show by their words that none of
them is for it; each other one, which is compiled once, is one cheap query.
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

AT_ONCE = 256  # messages that are tested
_BATCH = 16  # ids in a query, of which one is compiled
_RECENT = 10.0  # seconds
_MOST = 500  # recent messages
_LONGEST_PHRASE = 50  # tokens
_MOST_WAITING = 1000  # messages whose words are kept
_SHORT = 4000  # characters of words that are kept: a hostile message has millions

INDEXED_WITHIN = 5.0  # seconds after a message came; then it is shown as it is

State = Literal["new", "indexed", "overdue"]
Sql = tuple[str, tuple[Any, ...]] | None  # None where nothing can match
Words = Mapping[str, str]  # by column of the index, with a space before each

# The column that has the words of a term of each message that the term matches.
_COLUMNS = {
    "from": "sender",
    "to": "recipients",
    "cc": "recipients",
    "subject": "subject",
}


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that came. is_due: it is indexed by now, or it took too long"""

    id: UUID
    is_due: bool
    words: Words


class CompiledQuery:
    """A condition that somebody waits for, to test new messages with."""

    def __init__(self, scope: Scope, q: str, inbox: str | None) -> None:
        """Raise BadQuery for a query that cannot be read."""
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
        """Compile again: words are then found in what is not indexed by now, too."""
        self._compiled.clear()

    def prepare(self) -> None:
        """Compile, so that it need not be done once messages come."""
        if not self._compiled:
            self._compiled.append(self._compile())

    def may_match(self, words: Words) -> bool:
        """Return whether a message with these words may match, or one of several.

        Where hundreds wait, each for an address of its own, it saves a query for each.
        """
        for column, own in self._words:  # noqa: SIM110  called a hundred thousand times a second
            if own not in words[column]:
                return False
        return True

    def to_index(self, arrivals: Sequence[NewMessage]) -> list[UUID]:
        """Return those that match, or may match once they are indexed."""
        ids = self._likely(arrivals)
        return ids if self._asks_index else self._matching(ids)

    def matching(self, arrivals: Sequence[NewMessage]) -> list[UUID]:
        """Return those that match, of messages that are due."""
        return self._matching(self._likely(arrivals))

    def _likely(self, arrivals: Sequence[NewMessage]) -> list[UUID]:
        return [each.id for each in arrivals if self.may_match(each.words)]

    def _matching(self, ids: Sequence[UUID]) -> list[UUID]:
        parts = (ids[at : at + _BATCH] for at in range(0, len(ids), _BATCH))
        return [id for part in parts for id in self._asked(part)]

    def _asked(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return what a query finds among so many messages at most."""
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
        """Return the SQL, and its parameters without the ids, which come last."""
        with fields.few():
            rows = messages.matching(self._scope, self._query, self._inbox)
        rows = rows.filter(pk__in=[UUID(int=number) for number in range(_BATCH)])
        try:
            sql, parameters = rows.values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            return None
        return sql, parameters[:-_BATCH]


def _words(query: language.Query) -> list[tuple[str, str]]:
    """Return what stands in columns of each message that matches a query."""
    terms = [group[0] for group in query.groups if len(group) == 1]
    found = [
        (_COLUMNS[each.field], tokens(each.value, _LONGEST_PHRASE))
        for each in terms
        if each.field in _COLUMNS and not each.negated
    ]
    return [(column, f" {' '.join(phrase)}") for column, phrase in found if phrase]


class Arrivals:
    """The messages that came of late, each of which is read once.

    It is tested when it came, and again when it is indexed: its words are the same then.
    """

    def __init__(self) -> None:
        self._waiting: dict[UUID, Words] = {}  # until they are due

    def read(self, ids: Sequence[UUID]) -> list[NewMessage]:
        """Return the messages of these that are there. ids: AT_ONCE at most"""
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
    """Return when messages were indexed, and their words."""
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
    """Return the words of several messages as those of one."""
    return {
        column: "".join(each.words[column] for each in arrivals)
        for column in _COLUMNS.values()
    }


def recent() -> set[tuple[UUID, State]]:
    """Return the ids of what came within the last seconds, and how far each is."""
    now = time.time()
    since, due = first_at(now - _RECENT), first_at(now - INDEXED_WITHIN)
    rows = Message.objects.filter(pk__gte=since).order_by("-pk")
    found = rows.values_list("pk", "indexed_at")[:_MOST]
    return {
        (id, "indexed" if at else "overdue" if id < due else "new") for id, at in found
    }


def only_recent(known: Collection[tuple[UUID, State]]) -> set[tuple[UUID, State]]:
    """Return those that `recent` may be about."""
    since = first_at(time.time() - 2 * _RECENT)
    return {each for each in known if each[0] >= since}
