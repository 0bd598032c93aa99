"""Counts today's mail by recipient domains: for whom it left, and for whom it did not.

Limited: on a day with more mail, only the newest messages and recipients are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from inbox.mailbox.scope import Scope
from inbox.models import Message, Recipient, Release, ReleaseRecipient
from inbox.models.outgoing import HELD
from mailsink.ids import first_at

MOST_MESSAGES = 5_000
MOST_RECIPIENTS = 10_000
MOST_DOMAINS = 200

Key = tuple[UUID, str]  # a transaction and a forward-path


@dataclass(slots=True)
class DomainCount:
    """The recipients of a domain.

    messages: to any of them; the other counts are of recipients
    """

    domain: str
    messages: int = 0
    recipients: int = 0
    left: int = 0
    waiting: int = 0
    failed: int = 0

    @property
    def held(self) -> int:
        """The recipients who got nothing, and for whom nothing is on its way."""
        return self.recipients - self.left - self.waiting - self.failed


@dataclass(frozen=True, slots=True)
class TodaysMail:
    """The counts. is_cut: there was more mail than could be counted"""

    messages: int
    domains: int
    rows: list[DomainCount]  # the most messages first
    is_cut: bool


def count(scope: Scope, since: datetime) -> TodaysMail:
    """Count the messages since a time."""
    rows = Message.objects.filter(
        scope.q(), deleted_at=None, pk__gte=first_at(since.timestamp())
    )
    newest = rows.order_by("-pk")[: MOST_MESSAGES + 1]
    messages = newest.values("pk").count()
    recipients = Recipient.objects.filter(
        transaction__in=newest[:MOST_MESSAGES].values("transaction"), rcpt_code__lt=300
    )
    paths = list(
        recipients.values_list("transaction_id", "forward_path")[: MOST_RECIPIENTS + 1]
    )
    found = _by_domain(paths[:MOST_RECIPIENTS], _states(newest[:MOST_MESSAGES]))
    top = sorted(found, key=lambda each: (-each.messages, each.domain))
    is_cut = messages > MOST_MESSAGES or len(paths) > MOST_RECIPIENTS
    return TodaysMail(
        min(messages, MOST_MESSAGES), len(found), top[:MOST_DOMAINS], is_cut
    )


def _states(messages: QuerySet[Message]) -> dict[Key, str]:
    """Return the state of each recipient of a released message; of several, the best one."""
    rows = ReleaseRecipient.objects.filter(
        release__message_id__in=messages.values("pk")
    ).exclude(release__state=HELD, state="queued")  # held: not on its way
    listed = rows.values_list("release__message_id", "forward_path", "state")
    released = list(listed[:MOST_RECIPIENTS])
    of = dict(
        messages.model.objects.filter(
            pk__in=Release.objects.filter(message_id__in=messages.values("pk")).values(
                "message_id"
            )
        ).values_list("pk", "transaction_id")
    )
    found: dict[Key, str] = {}
    for message, path, state in released:
        key = of[message], path
        if _RANK[state] > _RANK[found.get(key, "cancelled")]:
            found[key] = state
    return found


_RANK = {"cancelled": 0, "failed": 1, "queued": 2, "trying": 2, "delivered": 3}


def _by_domain(paths: Iterable[Key], states: dict[Key, str]) -> list[DomainCount]:
    found: dict[str, DomainCount] = {}
    seen: defaultdict[str, set[UUID]] = defaultdict(set)
    for key in paths:
        domain = key[1].rpartition("@")[2].lower()
        row = found.setdefault(domain, DomainCount(domain))
        seen[domain].add(key[0])
        row.messages = len(seen[domain])
        row.recipients += 1
        state = states.get(key, "cancelled")
        row.left += state == "delivered"
        row.waiting += state in ("queued", "trying")
        row.failed += state == "failed"
    return list(found.values())
