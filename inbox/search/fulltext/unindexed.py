"""Messages that wait for the indexer, searched by what is known of them before.

While mail pours in the indexer stands back: a thousand may wait, with thousands of
addresses each. So their texts are made once, of a bounded number of addresses, and kept
for the next word that is looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import UUID

from inbox.models import Message, Recipient
from inbox.search.fulltext.index import COLUMNS, texts
from inbox.search.fulltext.tokens import is_beginning

_MOST = 1000  # of the newest that wait are looked at
_AT_ONCE = 20  # are loaded
# People that are read for one search; the messages before are found once they are indexed.
_PEOPLE = 20_000
_IN_ONE = 500  # people of a message that are looked at

_Known = dict[str, str]  # of a message: its tokens, by column

_kept: dict[UUID, _Known] = {}
_lock = threading.Lock()


def ids(phrase: list[str], columns: Sequence[str]) -> list[UUID]:
    """Return the ids of those that have a phrase in one of the columns.

    phrase: tokens side by side, of which the last may go on
    """
    last = "" if is_beginning(phrase[-1]) else " "
    words = f" {' '.join(phrase)}{last}"
    return [
        id
        for id, known in _waiting().items()
        if any(words in known[c] for c in columns)
    ]


def _waiting() -> dict[UUID, _Known]:
    """Return the messages that wait, as far as they are looked at, with their texts."""
    rows = Message.objects.filter(indexed_at=None).order_by("-pk")
    newest = list(rows.values_list("pk", flat=True)[:_MOST])
    with _lock:
        for gone in _kept.keys() - set(newest):
            del _kept[gone]
        unknown = [each for each in newest if each not in _kept]
        people = 0
        for start in range(0, len(unknown), _AT_ONCE):
            people += _load(unknown[start : start + _AT_ONCE])
            if people > _PEOPLE:
                break
        return {each: _kept[each] for each in newest if each in _kept}


def _load(wanted: Sequence[UUID]) -> int:
    """Keep the texts of messages; return how many people they name."""
    found = list(Message.objects.filter(pk__in=wanted).select_related("transaction"))
    paths: dict[UUID, list[str]] = {}
    named = Recipient.objects.filter(
        transaction__in=[each.transaction_id for each in found]
    )
    for transaction, path in named.values_list("transaction_id", "forward_path"):
        paths.setdefault(transaction, []).append(path)
    people = sum(map(len, paths.values()))
    for each in found:
        people += len(each.to) + len(each.cc)
        each.to, each.cc = each.to[:_IN_ONE], each.cc[:_IN_ONE]
        known = texts(
            each,
            each.transaction.reverse_path,
            paths.get(each.transaction_id, [])[:_IN_ONE],
            each.snippet,
        )
        _kept[each.pk] = {
            name: f" {' '.join(getattr(known, name))} " for name in COLUMNS
        }
    return people
