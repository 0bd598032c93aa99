"""Addresses named by clients that may be meant by a misspelt one.

The number of recent recipients, and of steps for each, is limited.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from inbox.explain.evidence import Near
from inbox.mailbox.scope import Scope
from inbox.models import Recipient
from inbox.models.session import AddressKey
from mailsink.ids import made_at

_RECENT = 2000  # recipients that are read
_MOST = 5  # addresses that are shown
_FARTHEST = 3  # edits
_LONGEST = 100  # characters of an address, which are compared one by one
_LETTERS = 50_000  # the same for all addresses together


def nearest(scope: Scope, address: str) -> list[Near]:
    """Return the recent recipients that are most similar to an address, the best first."""
    wanted = address.lower()
    found = []
    letters = 0
    for each, transaction in _recent(scope).items():
        letters += min(len(each), _LONGEST)
        if letters > _LETTERS:
            break
        if rank := likeness(wanted, each):
            at = datetime.fromtimestamp(made_at(UUID(transaction)), UTC)
            found.append((rank[0], -at.timestamp(), Near(each, at, rank[1])))
    return [near for *_, near in sorted(found, key=lambda each: each[:2])[:_MOST]]


def _recent(scope: Scope) -> dict[str, str]:
    """Return recent recipients, each with the id of the last transaction that named it.

    The ids are texts: to make UUIDs of all of them takes longer than to read them.
    """
    rows = (
        Recipient.objects.filter(scope.q("transaction__inbox_id"))
        .annotate(
            key=AddressKey("forward_path"),
            named_by=Cast("transaction_id", CharField()),
        )
        .order_by("-transaction_id")
        .values_list("key", "named_by")[:_RECENT]
    )
    found: dict[str, str] = {}
    for key, transaction in rows:
        found.setdefault(key.strip().removeprefix("<").removesuffix(">"), transaction)
    return found


def likeness(wanted: str, other: str) -> tuple[int, str] | None:
    """Return the distance of an address from the wanted one, and its kind; None: too far.

    Both are in lower case; a lower number is nearer.
    """
    if other == wanted:
        return None
    local, domain = _parts(wanted)
    other_local, other_domain = _parts(other)
    if domain == other_domain and _untagged(local) == _untagged(other_local):
        return 0, _("the same except for the part after the “+”")
    if domain == other_domain and _undotted(local) == _undotted(other_local):
        return 0, _("the same except for dots")
    near = len(local) // 3 if domain == other_domain else len(wanted) // 7
    limit = min(_FARTHEST, max(1, near))
    edits = distance(wanted[:_LONGEST], other[:_LONGEST], limit)
    if 0 < edits <= limit:
        return edits, _differs(edits)
    if local and domain and local == other_local:
        return _FARTHEST + 1, _("the same name at another domain")
    return None


def _parts(address: str) -> tuple[str, str]:
    local, at, domain = address.rpartition("@")
    return (local, domain) if at else (address, "")


def _untagged(local: str) -> str:
    return local.partition("+")[0] or local


def _undotted(local: str) -> str:
    return local.replace(".", "")


def _differs(edits: int) -> str:
    return (
        _("one letter differs")
        if edits == 1
        else _("%(edits)s letters differ") % {"edits": edits}
    )


def distance(a: str, b: str, limit: int) -> int:
    """Return the number of edits from a to b; limit + 1 if it exceeds limit.

    An edit inserts, removes or replaces a letter, or swaps two neighbours (optimal
    string alignment). It takes at most len(a) * (2 * limit + 1) steps.
    """
    if abs(len(a) - len(b)) > limit or len(set(a) ^ set(b)) > 2 * limit:
        return limit + 1
    a, b = _unlike(a, b)
    far = limit + 1
    # Only the band around the table's diagonal is kept; row[k] stands for b's letter i
    # + k.
    width = range(-limit, limit + 1)
    before: list[int] = []
    row = [k if 0 <= k <= len(b) else far for k in width] + [far]
    for i in range(1, len(a) + 1):
        here: list[int] = []
        for at, k in enumerate(width):
            j = i + k
            if not 0 < j <= len(b):
                here.append(min(i, far) if j == 0 else far)
                continue
            cost = row[at] + (a[i - 1] != b[j - 1])
            cost = min(cost, row[at + 1] + 1, here[-1] + 1 if here else far, far)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                cost = min(cost, before[at] + 1)
            here.append(cost)
        before, row = row, [*here, far]
    return row[limit + len(b) - len(a)]


def _unlike(a: str, b: str) -> tuple[str, str]:
    """Return both without their common beginning and end."""
    start = _shared(a, b)
    a, b = a[start:], b[start:]
    end = _shared(a[::-1], b[::-1])
    return a[: len(a) - end], b[: len(b) - end]


def _shared(a: str, b: str) -> int:
    """Return the length of the common beginning."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((at for at, (x, y) in pairs if x != y), min(len(a), len(b)))
