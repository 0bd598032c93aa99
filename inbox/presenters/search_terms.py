"""A query for people: its terms, and the available fields."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox import pages
from inbox.search.language import Query, Term

# The examples of the help, with their meaning.
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("invoice", gettext_noop("a word, or its beginning, anywhere")),
    ('"order 10482"', gettext_noop("words next to each other")),
    ("from:billing", gettext_noop("who sent it: header or envelope")),
    ("to:ann@", gettext_noop("who it is for: header or envelope")),
    ("rcpt:*+ann*@*", gettext_noop("a recipient of the envelope; * is any text")),
    ("subject:welcome", gettext_noop("a word of the subject")),
    ("bcc:audit", gettext_noop("a recipient that the header does not name")),
    ("tag:release", gettext_noop("with this tag")),
    ("assignee:me", gettext_noop("assigned to you; also assignee:ann, has:comment")),
    ("is:unread", gettext_noop("also read, pinned, new, ok, bug, rejected, deleted")),
    ("has:attachment", gettext_noop("also has:note")),
    ("on:yesterday", gettext_noop("that day; also on:monday, on:2026-01-31")),
    ("after:2h", gettext_noop("in the last 2 hours; also since:monday, after:9am")),
    ("before:today", gettext_noop("earlier than that; also until:2026-01-31")),
    ("larger:1M", gettext_noop("more bytes than that; also smaller:")),
    ("code:4xx", gettext_noop("reply code: 451, 4xx, 5xx")),
    ("client:10.0.3.", gettext_noop("the client's address, name or user")),
    ("ending:dropped", gettext_noop("how its session ended")),
    ("verb:STARTTLS", gettext_noop("a command in its session")),
    ("rule:greylist", gettext_noop("where a rule of this name or number answered")),
    ("inbox:default", gettext_noop("in this inbox")),
    ("header:Subject:x", gettext_noop("in this header field")),
    ("session:", gettext_noop("of a session, by its id or the short id of a link")),
    ("cc:carl", gettext_noop("in the Cc field")),
    ("-from:news", gettext_noop("not: with a minus before it")),
    ("code:451 OR code:452", gettext_noop("either of two")),
)


# Fields that are useless until such objects exist.
_OPTIONAL = ("inbox", "rule", "assignee")


def fields(features: Collection[str]) -> list[tuple[str, str]]:
    """Return the examples of the help. features: the useful ones of the optional fields"""
    hidden = {f"{each}:" for each in _OPTIONAL if each not in features}
    return [each for each in EXAMPLES if not each[0].startswith(tuple(hidden))]


@dataclass(frozen=True, slots=True)
class SearchChip:
    """A part of the query in words, and the URL of the list without it."""

    words: str
    without: str


def chips(query: Query) -> list[SearchChip]:
    """Return the parts of a query."""
    texts = [" OR ".join(map(str, group)) for group in query.groups]
    return [
        SearchChip(
            _any_of([_words(term) for term in group]),
            list_of(" ".join([*texts[:index], *texts[index + 1 :]])),
        )
        for index, group in enumerate(query.groups)
    ]


def _any_of(terms: list[str]) -> str:
    """Return terms as "a or b", "a, b or c"."""
    *firsts, last = terms
    if not firsts:
        return last
    return _("%(firsts)s or %(last)s") % {"firsts": ", ".join(firsts), "last": last}


def _words(term: Term) -> str:
    value = f"“{term.value}”" if " " in term.value else term.value
    text = f"{term.field}: {value}" if term.field else value
    return _("not %(term)s") % {"term": text} if term.negated else text


def list_of(query: str) -> str:
    """Return the URL of the list of a query's matches."""
    return pages.path("inbox", q=query)


def results(count: int, most: int) -> str:
    """Return the number of results: "48 results", "1,000+ results".

    most: the maximum of a count
    """
    words = ngettext("%(count)s result", "%(count)s results", count)
    return words % {"count": f"{count:,}" if count < most else f"{most:,}+"}
