"""Searches the messages that wait for the indexer, by their envelopes and header summaries.

While mail pours in the indexer pauses: a thousand messages may wait, with 64 KiB of
addresses each. So their texts are made once, a limited number for one word, and kept
for the next word of a query.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import UUID

from inbox.models import Message
from inbox.search.fulltext.index import COLUMNS, forward_paths, texts
from inbox.search.fulltext.tokens import is_beginning

_MOST = 1000  # of the newest waiting messages are searched
_AT_ONCE = 10  # messages loaded at a time
# Characters read for one word; older messages are found once they are indexed.
_CHARACTERS = 1_000_000
_TOKENS = 500  # of a column that are searched

_Known = dict[str, str]  # a message's tokens, by column

_kept: dict[UUID, _Known] = {}
_lock = threading.Lock()


def ids(phrase: list[str], columns: Sequence[str]) -> list[UUID]:
    """Return the ids of the waiting messages that have a phrase in one of the columns.

    phrase: adjacent tokens; the last can be the beginning of a longer one
    """
    last = "" if is_beginning(phrase[-1]) else " "
    words = f" {' '.join(phrase)}{last}"
    return [
        id
        for id, known in _waiting().items()
        if any(words in known[c] for c in columns)
    ]


def _waiting() -> dict[UUID, _Known]:
    """Return the waiting messages that are searched, with their texts."""
    rows = Message.objects.filter(indexed_at=None).order_by("-pk")
    newest = list(rows.values_list("pk", flat=True)[:_MOST])
    with _lock:
        for gone in _kept.keys() - set(newest):
            del _kept[gone]
        unknown = [each for each in newest if each not in _kept]
        characters = 0
        for start in range(0, len(unknown), _AT_ONCE):
            characters += _load(unknown[start : start + _AT_ONCE])
            if characters > _CHARACTERS:
                break
        return {each: _kept[each] for each in newest if each in _kept}


def _load(wanted: Sequence[UUID]) -> int:
    """Keep the texts of messages; return the number of characters read for them."""
    found = list(Message.objects.filter(pk__in=wanted).select_related("transaction"))
    paths = forward_paths(found)
    characters = 0
    for each in found:
        named = paths.get(each.transaction_id, [])
        known = texts(each, each.transaction.reverse_path, named, each.snippet)
        _kept[each.pk] = {
            name: f" {' '.join(getattr(known, name)[:_TOKENS])} " for name in COLUMNS
        }
        characters += each.shown_length + sum(map(len, named))
    return characters
