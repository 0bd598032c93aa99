"""The search language: text -> a query -> conditions on messages, transactions, sessions.

Terms must all match; `OR` between two terms asks for either, `-` before one for its
absence. Case never matters. A text that is no query raises BadQuery, in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.search import fields
from inbox.search.fields import BadQuery
from inbox.search.fulltext import newest_only
from inbox.search.sql import NOTHING

__all__ = [
    "FIELDS", "MAX_LENGTH", "MAX_TERMS", "BadQuery", "Query", "Term",
    "messages", "parse", "sessions", "transactions",
]  # fmt: skip

FIELDS = frozenset(fields.MESSAGES) - {""}
MAX_LENGTH = 1000  # characters of a query
MAX_TERMS = 30

_TERM = re.compile(
    r"""
    (?P<minus>-?)
    (?:(?P<field>[A-Za-z]+):)?
    (?:"(?P<quoted>[^"]*)(?P<end>"?)|(?P<bare>\S*))
    """,
    re.VERBOSE,
)


# A value that means the same without quotes.
_BARE = re.compile(r"(?!-|OR\Z)[^\s:]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A value looked for in a field; "" is any of them."""

    field: str
    value: str
    negated: bool

    def __str__(self) -> str:
        value = self.value if _BARE.fullmatch(self.value) else f'"{self.value}"'
        field = f"{self.field}:" if self.field else ""
        return f"{'-' if self.negated else ''}{field}{value}"

    def on(self, table: dict[str, fields.Condition]) -> Q:
        condition = table.get(self.field)
        found = condition(self.value) if condition else NOTHING
        return ~found if self.negated else found


@dataclass(frozen=True, slots=True)
class Query:
    """Groups that must all match; of each group, one term must."""

    groups: tuple[tuple[Term, ...], ...] = ()

    def on(self, table: dict[str, fields.Condition]) -> Q:
        return reduce(and_, (of_group(group, table) for group in self.groups), Q())

    @property
    def wants_deleted(self) -> bool:
        """Whether it asks for what is in the trash."""
        return any(
            (term.field, term.value.lower()) == ("is", "deleted")
            for group in self.groups
            for term in group
        )


def of_group(group: tuple[Term, ...], table: dict[str, fields.Condition]) -> Q:
    """Return the condition that one term of the group matches."""
    return reduce(or_, (term.on(table) for term in group))


def messages(query: Query) -> Q:
    """Return the condition on Message."""
    return query.on(fields.MESSAGES)


def newest_messages(query: Query) -> Q:
    """Return a condition that finds the newest of the messages that match.

    Where it finds fewer than are wanted, there may be more: see fulltext.newest_only.
    """
    found = Q()
    for group in query.groups:
        condition = of_group(group, fields.MESSAGES)
        found &= newest_only(condition) if _is_plain(group) else condition
    return found


def has_words(query: Query) -> bool:
    """Whether newest_messages may find its messages sooner than messages does."""
    return any(
        _is_plain(group) and group[0].field in fields.BY_WORDS for group in query.groups
    )


def _is_plain(group: tuple[Term, ...]) -> bool:
    return len(group) == 1 and not group[0].negated


def transactions(query: Query) -> Q:
    """Return the condition on Transaction."""
    return query.on(fields.TRANSACTIONS)


def sessions(query: Query) -> Q:
    """Return the condition on Session."""
    return query.on(fields.SESSIONS)


def parse(text: str) -> Query:
    """Return the query that a text writes; no text is the query that all match.

    Raises BadQuery.
    """
    if len(text) > MAX_LENGTH:
        raise BadQuery(
            _("a query has at most %(max_length)s characters")
            % {"max_length": MAX_LENGTH}
        )
    if re.search("[\x00\ud800-\udfff]", text):
        raise BadQuery(_("a query is text, without NUL"))
    groups: list[tuple[Term, ...]] = []
    either = False
    for term in _terms(text):
        if term is None:
            if either or not groups:
                raise BadQuery(_("OR stands between two terms"))
            either = True
        elif either:
            groups[-1] = (*groups[-1], term)
            either = False
        else:
            groups.append((term,))
    if either:
        raise BadQuery(_("OR stands between two terms"))
    query = Query(tuple(groups))
    _check(query)
    return query


def _check(query: Query) -> None:
    """Raise BadQuery for a value that its field does not take, or too many terms."""
    if sum(map(len, query.groups)) > MAX_TERMS:
        raise BadQuery(
            _("a query has at most %(max_terms)s terms") % {"max_terms": MAX_TERMS}
        )
    messages(query)


def _terms(text: str) -> Iterator[Term | None]:
    """Yield the terms of a text; None for an OR."""
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = _TERM.match(text, position)
        if (
            match is None or match.end() == position
        ):  # cannot be: it takes any character
            raise BadQuery(_('cannot read "%(text)s"') % {"text": text[position:]})
        position = match.end()
        yield None if match[0] == "OR" else _term(match)


def _term(match: re.Match[str]) -> Term:
    if match["quoted"] is not None and not match["end"]:
        raise BadQuery(_("a quote is not closed: %(match)s") % {"match": match[0]})
    field, bare = (match["field"] or "").lower(), match["bare"]
    value = match["quoted"] if bare is None else bare
    if field and field not in FIELDS:
        if bare is None or (bare and not bare.startswith("//")):
            raise BadQuery(
                _(
                    'there is no field "%(field)s:"; there is %(sorted)s. Quote it to look '
                    'for the words: "%(field)s:…"'
                )
                % {"field": field, "sorted": ", ".join(sorted(FIELDS))}
            )
        field, value = "", f"{match['field']}:{value}"  # an address of the web, `Re:`
    if not value.strip():
        raise BadQuery(_('"%(match)s" has nothing to look for') % {"match": match[0]})
    return Term(field, value, bool(match["minus"]))
