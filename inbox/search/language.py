"""The search language: text -> a query -> conditions on messages, transactions, sessions.

All terms must match; `OR` between two terms asks for either, `-` before a term for its
absence. Case never matters. A text that is no query raises BadQuery, with a reason and
the query that may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from itertools import islice, takewhile
from operator import and_, or_
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.search import fields, periods
from inbox.search.fields import BadQuery, nearest
from inbox.search.fulltext import (
    any_of,
    is_by_index,
    knows_newest,
    lacking,
    newest_only,
    without_late,
)
from inbox.search.sql import NOTHING
from mailsink.text import search_value

__all__ = [
    "ALIASES", "FIELDS", "MAX_LENGTH", "MAX_TERMS", "BadQuery", "Query", "Term",
    "cost", "messages", "parse", "sessions", "transactions",
]  # fmt: skip

FIELDS = frozenset(fields.MESSAGES) - {""}
ALIASES = {"since": "after", "until": "before"}
MAX_LENGTH = 1000  # characters of a query
MAX_TERMS = 30

# The names of fields in other programs, and those that people guess.
_MEANT = {
    **dict.fromkeys(("sender", "author", "by"), "from"),
    **dict.fromkeys(("recipient", "rcptto", "addressed", "envelope"), "to"),
    **dict.fromkeys(("title", "topic"), "subject"),
    **dict.fromkeys(("newer", "newer_than", "later", "start"), "after"),
    **dict.fromkeys(("older", "older_than", "earlier", "end"), "before"),
    **dict.fromkeys(("date", "day", "at", "time", "when"), "on"),
    **dict.fromkeys(("size", "bigger", "min"), "larger"),
    **dict.fromkeys(("less", "max"), "smaller"),
    **dict.fromkeys(("label", "tags"), "tag"),
    **dict.fromkeys(("assigned", "owner"), "assignee"),
    **dict.fromkeys(("status", "in"), "is"),
    **dict.fromkeys(("reply", "error", "response"), "code"),
    **dict.fromkeys(("command", "cmd"), "verb"),
    **dict.fromkeys(("ip", "host", "helo", "ehlo", "user"), "client"),
}
_DATES = ("after", "before", "on")
# Fields that accept any text.
_ANY_TEXT = fields.BY_WORDS - {"header"}

_TERM = re.compile(
    r"""
    (?P<minus>-?)
    (?:(?P<field>[A-Za-z]+(?:_than)?):)?
    (?:"(?P<quoted>(?:[^"\\]|\\["\\]?)*)(?P<end>"?)|(?P<bare>\S*))
    """,
    re.VERBOSE,
)
_SPACES = re.compile(r"\s*")
_WORD = re.compile(r"\S+")
_ESCAPED = re.compile(r'\\(["\\])')  # in quotes, a quote or a backslash of the value


@dataclass(frozen=True, slots=True)
class Term:
    """A value to search for in a field; "" is any field."""

    field: str
    value: str
    negated: bool

    def __str__(self) -> str:
        field = f"{self.field}:" if self.field else ""
        return f"{'-' if self.negated else ''}{field}{search_value(self.value)}"

    def on(self, table: dict[str, fields.Condition]) -> Q:
        condition = table.get(self.field)
        found = condition(self.value) if condition else NOTHING
        return ~found if self.negated else found


Group = tuple[Term, ...]
Known = dict[Group, Q]


@dataclass(frozen=True, slots=True)
class Query:
    """Groups that must all match; in each group, one term must match."""

    groups: tuple[Group, ...] = ()

    def __str__(self) -> str:
        return " ".join(" OR ".join(map(str, group)) for group in self.groups)

    def on(self, table: dict[str, fields.Condition], known: Known | None = None) -> Q:
        """Return the condition. known: conditions of some groups, used instead of their own"""
        known = known or {}
        found = (known.get(each) or of_group(each, table) for each in self.groups)
        return reduce(and_, found, Q())

    @property
    def wants_deleted(self) -> bool:
        """Whether the query asks for messages in the trash."""
        return any(
            (term.field, term.value.lower()) == ("is", "deleted")
            for group in self.groups
            for term in group
        )


def of_group(group: Group, table: dict[str, fields.Condition]) -> Q:
    """Return the condition that at least one term of the group matches."""
    return reduce(or_, (term.on(table) for term in group))


def messages(query: Query, reader: int | None = None, known: Known | None = None) -> Q:
    """Return the condition on Message. reader: the searching user, for fields that need one

    known: see Newest
    """
    return query.on(fields.messages_for(reader), known)


@dataclass(frozen=True, slots=True)
class Newest:
    """A condition that finds the newest matching messages.

    If it finds too few, there may be more: see fulltext.newest_only. known: conditions
    that were computed on the way, and save later queries much work
    """

    condition: Q
    known: Known


def newest_messages(
    query: Query, reader: int | None = None, before: UUID | None = None
) -> Newest | None:
    """Return the condition for the newest; None if it would not find them faster.

    before: only messages older than this one
    """
    terms = [term for group in query.groups for term in group]
    if not any(each.field in fields.BY_WORDS for each in terms) or not knows_newest():
        return None
    found, known, is_sooner = Q(), Known(), False
    table = fields.messages_for(reader)
    for group in query.groups:
        condition = of_group(group, table)
        if len(group) == 1 and group[0].negated:
            if lack := lacking(condition, before):
                condition, is_all = lack
                is_sooner = True
                if is_all:
                    known[group] = condition
            found &= condition
            continue
        by_index = condition if len(group) == 1 else any_of(condition)
        if by_index is not None:
            condition = newest_only(without_late(by_index, before), before=before)
            is_sooner = is_sooner or is_by_index(condition)
        found &= condition
    return Newest(found, known) if is_sooner else None


def transactions(query: Query) -> Q:
    """Return the condition on Transaction."""
    return query.on(fields.TRANSACTIONS)


def sessions(query: Query) -> Q:
    """Return the condition on Session."""
    return query.on(fields.SESSIONS)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A part of a text that is no term.

    meant: the term that may be meant; empty: the part asks for nothing, and can be
    removed.
    """

    wrong: str
    meant: Term | None = None
    empty: bool = False


_Part = Term | _Unreadable | None  # None: OR


def parse(text: str) -> Query:
    """Return the query in a text; an empty text is the query that all messages match.

    Raises BadQuery.
    """
    _check_text(text)
    parts = list(_parts(text))
    unreadable = [each for each in parts if isinstance(each, _Unreadable)]
    groups, well_joined = _grouped(parts)
    query = Query(tuple(groups))
    if not well_joined:
        unreadable.append(_Unreadable(_("OR needs a term on each side."), empty=True))
    if unreadable:
        wrong = unreadable[0].wrong
        raise BadQuery(wrong, _suggestion(unreadable, query))
    if sum(map(len, groups)) > MAX_TERMS:
        raise BadQuery(
            _("Too many terms: a search has at most %(max_terms)s.")
            % {"max_terms": MAX_TERMS}
        )
    return query


@lru_cache(maxsize=1000)
def cost(text: str) -> int:
    """Return the approximate cost of a query: its number of terms. Raises BadQuery.

    Cached, since thousands of requests may have the same query.
    """
    return max(1, sum(map(len, parse(text).groups)))


def _check_text(text: str) -> None:
    """Raise BadQuery if a text is too long, or is no text."""
    if len(text) > MAX_LENGTH:
        raise BadQuery(
            _("Too long: a search has at most %(max_length)s characters.")
            % {"max_length": f"{MAX_LENGTH:,}"}
        )
    if re.search("[\x00\ud800-\udfff]", text):
        raise BadQuery(_("A search is text, without NUL."))


def _suggestion(unreadable: Sequence[_Unreadable], query: Query) -> str:
    """Return the query that may be meant; "" if some part has no suggestion."""
    terms = [term for group in query.groups for term in group]
    if not all(each.meant or each.empty for each in unreadable):
        return ""
    if len(terms) > MAX_TERMS:
        return ""
    text = str(query)
    return text if len(text) <= MAX_LENGTH else ""


def _grouped(parts: Sequence[_Part]) -> tuple[list[tuple[Term, ...]], bool]:
    """Return the groups of terms, and whether each OR stands between two terms."""
    groups: list[tuple[Term, ...]] = []
    either, well_joined = False, True
    for part in parts:
        term = part.meant if isinstance(part, _Unreadable) else part
        if part is None:
            well_joined = well_joined and bool(groups) and not either
            either = bool(groups)
        elif term is not None:
            groups[-1:] = [(*groups[-1], term)] if either else [*groups[-1:], (term,)]
            either = False
    return groups, well_joined and not either


def _parts(text: str) -> Iterator[_Part]:
    """Yield the parts of a text: terms, None for an OR, and unreadable parts."""
    position = 0
    while match := _next(text, position):
        position = match.end()
        if match[0] == "OR":
            yield None
            continue
        field, value = _field(match), match
        if match["bare"] == "" and field in FIELDS:  # a space after the colon
            after = _next(text, position)
            if after and not after["field"] and not after["minus"] and after[0] != "OR":
                value, position = after, after.end()
        if value["bare"] and _likely(field) in _DATES:
            position = _end_of_date(text, value.start("bare"), position)
            yield _term(match, text[value.start("bare") : position])
        elif value["bare"] is None:
            yield _quoted(match, value)
        else:
            yield _term(match, value["bare"])


def _next(text: str, position: int) -> re.Match[str] | None:
    """Return the part of a text that begins after the spaces at a position."""
    spaces = _SPACES.match(text, position)
    start = spaces.end() if spaces else position
    return _TERM.match(text, start) if start < len(text) else None


def _field(match: re.Match[str]) -> str:
    field = (match["field"] or "").lower()
    return ALIASES.get(field, field)


def _likely(field: str) -> str:
    """Return a known field's name, also for another name of it; "" if there is none."""
    if not field or field in FIELDS:
        return field
    near = nearest(field, FIELDS | ALIASES.keys() | _MEANT.keys())
    return _MEANT.get(near, ALIASES.get(near, near))


def _end_of_date(text: str, start: int, end: int) -> int:
    """Return the end of a date that may have several words: after:last week."""
    words = takewhile(
        lambda word: word[0][0] != "-" and word.end() <= start + periods.LONGEST,
        _WORD.finditer(text, end),
    )
    for word in reversed(list(islice(words, 3))):
        if fields.is_date(text[start : word.end()]):
            return word.end()
    return end


def _quoted(match: re.Match[str], value: re.Match[str]) -> Term | _Unreadable:
    found = _term(match, _ESCAPED.sub(r"\1", value["quoted"]), quoted=True)
    if value["end"] or isinstance(found, _Unreadable):
        return found
    wrong = _("Missing closing quote: %(text)s") % {"text": value[0]}
    return _Unreadable(wrong, found)


def _term(
    match: re.Match[str], value: str, *, quoted: bool = False
) -> Term | _Unreadable:
    field, negated = _field(match), bool(match["minus"])
    if field and field not in FIELDS:
        if not quoted and (not value or value.startswith("//")):
            # a URL, or `Re:`
            return Term("", f"{match['field']}:{value}", negated)
        return _unknown(field, value, negated)
    if not value.strip():
        wrong = _("Nothing to search for in %(text)s") % {"text": match[0]}
        return _Unreadable(wrong, empty=True)
    return _checked(Term(field, value, negated))


def _checked(term: Term) -> Term | _Unreadable:
    """Return the term if its field accepts its value."""
    if term.field in _ANY_TEXT:
        return term
    try:
        fields.MESSAGES[term.field](term.value)
    except BadQuery as error:
        value = error.suggestion
        return _Unreadable(error.wrong, replace(term, value=value) if value else None)
    return term


def _unknown(field: str, value: str, negated: bool) -> _Unreadable:
    """Return the suggestion for an unknown field: a known one, or plain text."""
    near = _likely(field)
    wrong = _('Unknown filter "%(field)s:".') % {"field": field}
    if near and value.strip():
        found = _checked(Term(near, value, negated))
        meant = found if isinstance(found, Term) else found.meant
        if meant:
            return _Unreadable(wrong, meant)
        also = _("Did you mean %(field)s:?") % {"field": near}
        return _Unreadable(f"{wrong} {also}")
    known = _("Filters: %(known)s.") % {"known": ", ".join(sorted(FIELDS))}
    text = Term("", f"{field}:{value}", negated)
    return _Unreadable(f"{wrong} {known}", text)
