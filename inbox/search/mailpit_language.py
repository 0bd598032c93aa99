"""Mailpit's search grammar -> conditions on messages, through the fields of our language.

Terms are separated by spaces, quotes keep words together, `-` or `!` negates, and all
terms must match. A field without a value asks for nothing. Text without a known field
is searched for as it is. A text that is too long raises BadQuery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from django.db.models import Q

from inbox.search.fields import MESSAGES as OURS
from inbox.search.fields import ZONE, BadQuery, Condition, messages_for
from inbox.search.fields.values import size, time
from inbox.search.fulltext import matches
from inbox.search.language import MAX_LENGTH, MAX_TERMS, Query, Term
from inbox.search.sql import NOTHING, HasAddress, has, has_item, is_not_empty

# The American order of dates, and the formats of JavaScript and Go.
_DATES = (
    "%m/%d/%Y", "%m/%d/%y", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z",
    "%d %b %Y", "%b %d, %Y", "%Y-%m-%d %H:%M:%S %z", "%Y%m%d",
)  # fmt: skip
_UNIX = re.compile(r"\d{10}|\d{13}")
_FIELD = re.compile(r"([a-z-]+):(.*)", re.IGNORECASE | re.DOTALL)


def parse(text: str) -> Query:
    """Return the query in a text. Raises BadQuery."""
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"a search has at most {MAX_LENGTH} characters")
    if re.search("[\x00\ud800-\udfff]", text):
        raise BadQuery("a search is text, without NUL")
    terms = list(filter(None, map(_term, _tokens(text))))
    if len(terms) > MAX_TERMS:
        raise BadQuery(f"a search has at most {MAX_TERMS} terms")
    return Query(tuple((term,) for term in terms))


def messages(query: Query, reader: int | None = None) -> Q:
    """Return the condition on Message. reader: the searching user, for fields that need one"""
    own = messages_for(reader)["is"]
    return query.on({**_MESSAGES, "is": partial(_state, own)})


def tagged(tag: str) -> Q:
    """Match the messages with this tag, ignoring case."""
    return has_item("tags", tag)


def before(text: str) -> Q:
    """Match the messages from before a date; all messages if the text is no date."""
    at = _moment(text)
    return Q(received_at__lt=at) if at else Q()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    negated: bool


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the words that spaces outside quotes separate, without the quotes."""
    for word in re.findall(r'(?:"[^"]*"?|[^\s"])+', text):
        negated = word[0] in "-!"
        plain = word[negated:].replace('"', "").strip()
        if plain:
            yield _Token(plain, negated)


def _term(token: _Token) -> Term | None:
    """Return the term of a token; None if it asks for nothing."""
    found = _FIELD.fullmatch(token.text)
    name = found[1].lower() if found else ""
    if found is None or name not in _MESSAGES:
        return Term("", token.text, token.negated)
    value = found[2].strip()
    if not value or not _asks(name, value.lower()):
        return None
    if name in ("larger", "smaller") and not _is_size(value):
        return Term("", token.text, token.negated)
    return Term(name, value, token.negated)


def _asks(name: str, value: str) -> bool:
    """Whether a field has a value that asks for something."""
    if name in ("after", "before"):
        return _moment(value) is not None
    return value in _VALUES.get(name, (value,))


def _is_size(value: str) -> bool:
    try:
        size(value)
    except BadQuery:
        return False
    return True


def _moment(text: str) -> datetime | None:
    """Return the time of a date, or its start, in the reader's zone; None if it is no date."""
    if _UNIX.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    try:
        return time(text)
    except BadQuery:
        pass
    for form in _DATES:
        try:
            at = datetime.strptime(text, form)
            at = at if at.tzinfo else at.replace(tzinfo=ZONE.get())
            return at.astimezone(UTC)
        except (ValueError, OverflowError):  # in UTC, it may be before the year 1
            continue
    return None


def _when(comparison: str) -> Condition:
    return lambda value: Q(**{f"received_at__{comparison}": _moment(value)})


def _word(value: str) -> Q:
    found = matches(value) or NOTHING
    people = _from(value) | Q(HasAddress("to", value)) | Q(HasAddress("cc", value))
    return found | has("subject", value) | people


def _from(value: str) -> Q:
    return has("from_name", value) | has("from_address", value)


def _addressed(value: str) -> Q:
    in_header = Q(HasAddress("to", value)) | Q(HasAddress("cc", value))
    return _from(value) | in_header | OURS["bcc"](value)


def _state(own: Condition, value: str) -> Q:
    return is_not_empty("tags") if value.lower() == "tagged" else own(value)


def _carries(value: str) -> Q:
    if value.lower().startswith("inline"):
        raise BadQuery("Mailsink cannot search by has:inline; try has:attachment")
    return OURS["has"](value)


def _reply_to(value: str) -> Q:
    raise BadQuery("Mailsink cannot search by reply-to:; try from: or a word")


# The values of fields that accept no others; with any other they ask for nothing.
_VALUES = {
    "is": ("read", "unread", "tagged"),
    "has": ("attachment", "attachments", "inline", "inlines"),
}
_MESSAGES: dict[str, Condition] = {
    "": _word,
    "from": _from,
    "to": lambda value: Q(HasAddress("to", value)),
    "cc": lambda value: Q(HasAddress("cc", value)),
    "bcc": OURS["bcc"],
    "reply-to": _reply_to,
    "addressed": _addressed,
    "subject": lambda value: has("subject", value),
    "message-id": lambda value: has("message_id", value),
    "tag": tagged,
    "is": partial(_state, OURS["is"]),
    "has": _carries,
    "after": _when("gte"),
    "before": _when("lte"),
    "larger": OURS["larger"],
    "smaller": OURS["smaller"],
}
