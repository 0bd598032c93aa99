"""Mail from an address: by its From field, by MAIL, or by a refused MAIL."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q

from inbox.explain.evidence import Sent
from inbox.insight.trace import unnamed
from inbox.mailbox import transactions
from inbox.mailbox.scope import Scope
from inbox.models import Message, Session
from inbox.models.message import ALIVE
from inbox.search import fulltext, language
from mailsink.ids import made_at

MOST = 1000  # messages; the count stops there
# Index hits that are read if most of the newest ones are others' messages
_HITS = 50_000
_FAILED = 2000  # recent transactions that were not accepted, which are read


def sent(scope: Scope, address: str, nameless: list[Session]) -> Sent:
    """Return the newest mail that an address sent.

    nameless: the sessions without a recipient, from unnamed.recent
    """
    messages = _messages(scope, address)
    failed = _failed(scope, address)
    refused = [
        each.opened_at.timestamp() for each in unnamed.refused(nameless, address)
    ]
    times = [made_at(id) for id in (*messages[:1], *failed[:1])] + refused
    return Sent(
        messages=min(len(messages), MOST),
        failed=len(failed) + len(refused),
        more=len(messages) > MOST,
        last=datetime.fromtimestamp(max(times), UTC) if times else None,
    )


def _messages(scope: Scope, address: str) -> list[UUID]:
    """Return the ids of the newest messages from the address, at most MOST + 1."""
    words = fulltext.matches(address, "sender")
    if words is None:
        return []
    # The index finds the words of an address, which longer addresses contain, too.
    whole = Q(from_address__iexact=address) | Q(
        transaction__reverse_path__iexact=address
    )
    rows = Message.objects.filter(ALIVE, scope.q(), whole).order_by("-pk")
    ids: list[UUID] = []
    for hits in (None, _HITS):
        newest = rows.filter(fulltext.newest_only(words, hits))
        ids = list(newest.values_list("pk", flat=True)[: MOST + 1])
        if len(ids) > MOST:
            break
    return ids


def _failed(scope: Scope, address: str) -> list[UUID]:
    """Return the ids of recent transactions of the address that were not accepted."""
    rows = transactions.not_accepted(scope, language.Query())
    ids = rows.order_by("-pk").values_list("pk", flat=True)
    for oldest in ids[_FAILED : _FAILED + 1]:
        ids = ids.filter(pk__gte=oldest)
    return list(ids.filter(reverse_path__iexact=address))
