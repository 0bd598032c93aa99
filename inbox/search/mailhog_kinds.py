"""MailHog's three kinds of search, as conditions on messages."""

from __future__ import annotations

from django.db.models import Q

from inbox.search.fields.parts import envelope_from, recipient
from inbox.search.fields.values import BadQuery, Condition
from inbox.search.fulltext import matches
from inbox.search.language import MAX_LENGTH
from inbox.search.sql import NOTHING, HasAddress, has


def condition(kind: str, text: str) -> Q:
    """Return the condition of a search. Raises BadQuery."""
    if kind not in _KINDS or not text or "\x00" in text or len(text) > MAX_LENGTH:
        raise BadQuery("a search has a kind (from, to, containing) and a query")
    return _KINDS[kind](text)


def _from(text: str) -> Q:
    return envelope_from(text) | has("from_name", text) | has("from_address", text)


def _to(text: str) -> Q:
    in_header = Q(HasAddress("to", text))
    return in_header | recipient("transaction", has("forward_path", text))


def _containing(text: str) -> Q:
    """Match with the full-text index, and any part of the stored header fields."""
    people = Q(HasAddress("cc", text)) | has("subject", text) | has("message_id", text)
    return (matches(text) or NOTHING) | _from(text) | _to(text) | people


_KINDS: dict[str, Condition] = {"from": _from, "to": _to, "containing": _containing}
