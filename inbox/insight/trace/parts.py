"""Addresses that contain a text: a beginning, a local part, a domain.

The search is limited: the newest recipients and senders are compared one by one, older
ones through the full text, which has those of accepted messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inbox.explain.evidence import Near
from inbox.explain.quantities import shortened
from inbox.mailbox.scope import Scope
from inbox.models import Message, Recipient, Transaction
from inbox.search import fulltext
from inbox.search.sql import has
from mailsink.ids import made_at
from mailsink.wildcards import fold

SHORTEST = 2  # characters of a part
_RECENT = 20_000  # recipients, and senders, that are read
_FOUND = 500  # of these, the ones that are ranked
_OLDER = 200  # messages from the full text
MOST = 8  # addresses that are shown
_LONGEST = 320  # characters of an address

Named = tuple[str, UUID]  # an address, and the transaction that named it


def with_part(scope: Scope, part: str) -> list[Near]:
    """Return addresses that contain the part: the most likely first, then the newest.

    They are at most MOST + 1.
    """
    part = fold(part)
    if len(part) < SHORTEST or "\0" in part:  # no database text contains NUL
        return []
    newest: dict[str, UUID] = {}
    for named, transaction in _named(scope, part):
        key = fold(named).strip().removeprefix("<").removesuffix(">")
        if part in key and "@" in key and len(key) <= _LONGEST:
            newest[key] = max(transaction, newest.get(key, transaction))
    ranked = sorted(newest, key=lambda each: (_rank(part, each), -newest[each].int))
    return [_near(part, each, newest[each]) for each in ranked[: MOST + 1]]


def _near(part: str, address: str, transaction: UUID) -> Near:
    at = datetime.fromtimestamp(made_at(transaction), UTC)
    begins = address.startswith(part)
    words = _("starts with “%(part)s”") if begins else _("contains “%(part)s”")
    return Near(address, at, words % {"part": shortened(part)})


def _rank(part: str, address: str) -> int:
    """Return how likely an address is meant by a part; lower is more likely."""
    local, _at, domain = address.rpartition("@")
    if part.strip("@") in (local, domain):
        return 0
    if address.startswith(part):
        return 1
    begins_a_word = any(f"{each}{part}" in address for each in ".-_+@")
    return 2 if begins_a_word else 3


def _named(scope: Scope, part: str) -> Iterator[Named]:
    """Yield the recipients and senders that contain the part, with duplicates."""
    recipients = Recipient.objects.filter(scope.q("transaction__inbox_id"))
    yield from _recent(recipients, "transaction_id", "forward_path", part)
    senders = Transaction.objects.filter(scope.q())
    yield from _recent(senders, "id", "reverse_path", part)
    yield from _older(scope, part)


def _recent(
    rows: QuerySet[Recipient] | QuerySet[Transaction], key: str, path: str, part: str
) -> Iterable[Named]:
    keys = rows.order_by(f"-{key}").values_list(key, flat=True)
    for oldest in keys[_RECENT : _RECENT + 1]:
        rows = rows.filter(**{f"{key}__gte": oldest})
    found = rows.filter(has(path, part)).order_by(f"-{key}")
    return [(str(named), id) for named, id in found.values_list(path, key)[:_FOUND]]


def _older(scope: Scope, part: str) -> Iterator[Named]:
    """Yield addresses of messages from the full text, whatever their age."""
    words = fulltext.matches(part, "sender", "recipients")
    if words is None:
        return
    rows = Message.objects.filter(Q(fulltext.newest_only(words)), scope.q())
    hits = dict(
        rows.order_by("-pk").values_list("transaction_id", "from_address")[:_OLDER]
    )
    for transaction, sender in hits.items():
        yield sender, transaction
    named = Recipient.objects.filter(has("forward_path", part), transaction__in=[*hits])
    yield from named.values_list("forward_path", "transaction_id")[:_FOUND]
