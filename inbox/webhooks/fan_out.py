"""Moves events from the outbox into the queue of each webhook that wants them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import F

from inbox.mailbox import transactions
from inbox.mailbox.scope import ALL
from inbox.models import (
    Message,
    Release,
    Session,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from inbox.search import language
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from inbox.webhooks import hooks

MOST_WAITING = 100_000  # events in the queue of a webhook
_AT_ONCE = 100  # events
_LOCK = 0x686F6F6B  # "hook": PostgreSQL's advisory lock of the one that moves events

IsBounce = Callable[[UUID], bool]


def move_some(is_bounce: IsBounce) -> int:
    """Move the oldest events; return how many. is_bounce: whether a message reports a delivery"""
    found = list(Webhook.objects.filter(off_since=None).order_by("pk"))
    most = min(_AT_ONCE, ROWS_IN_A_TURN // (2 * len(found) + 1))
    events = list(WebhookEvent.objects.order_by("pk")[: max(1, most)])
    if not events:
        return 0
    is_bounce = cache(is_bounce)
    wanted = [
        (hook, each) for hook in found for each in _wanted(hook, events, is_bounce)
    ]
    room = {hook.pk: MOST_WAITING - hooks.waiting(hook) for hook in found}
    with write_turn():
        _one_at_a_time()
        ids = [each.pk for each in events]
        still = set(
            WebhookEvent.objects.filter(pk__in=ids).values_list("pk", flat=True)
        )
        there = set(Webhook.objects.filter(off_since=None).values_list("pk", flat=True))
        queued, left_out = [], Counter[UUID]()
        for hook, delivery in wanted:
            if delivery.event_id not in still or hook.pk not in there:
                continue
            room[hook.pk] -= 1
            if room[hook.pk] < 0:
                left_out[hook.pk] += 1
            else:
                queued.append(delivery)
        WebhookDelivery.objects.bulk_create(queued)
        for key, count in left_out.items():
            Webhook.objects.filter(pk=key).update(left_out=F("left_out") + count)
        WebhookEvent.objects.filter(pk__in=ids).delete()
    return len(events)


def _one_at_a_time() -> None:
    """Let processes move events one after the other, or they would change their order."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _wanted(
    hook: Webhook, events: Sequence[WebhookEvent], is_bounce: IsBounce
) -> list[WebhookDelivery]:
    """Return the deliveries of a webhook that events lead to, in order."""
    events = [each for each in events if _is_of(hook, each)]
    matching = _matching(hook.query, events)
    found = []
    for each in events:
        if each.object_id not in matching:
            continue
        names = [each.event]
        if each.event == "message.created" and "message.bounced" in hook.events:
            names += ["message.bounced"] * is_bounce(each.object_id)
        found += [_delivery(hook, each, name) for name in names if name in hook.events]
    return found


def _is_of(hook: Webhook, event: WebhookEvent) -> bool:
    return hook.inbox_id is None or event.inbox_id == hook.inbox_id


def _delivery(hook: Webhook, event: WebhookEvent, name: str) -> WebhookDelivery:
    return WebhookDelivery(
        webhook=hook,
        event_id=event.pk,
        event=name,
        object_id=event.object_id,
        inbox_id=event.inbox_id,
    )


def _matching(text: str, events: Sequence[WebhookEvent]) -> set[UUID]:
    """Return the objects that a query matches: a release by its message.

    An empty query matches all; one that cannot be read any more, nothing.
    """
    of_kind: dict[str, set[UUID]] = {}
    for each in events:
        of_kind.setdefault(each.event.partition(".")[0], set()).add(each.object_id)
    try:
        query = language.parse(text)
    except language.BadQuery:
        return set()
    if not query.groups:
        return set().union(*of_kind.values())
    found: set[UUID] = set()
    for kind, ids in of_kind.items():
        found |= _MATCHES[kind](query, ids)
    return found


def _messages(query: language.Query, ids: set[UUID]) -> set[UUID]:
    rows = Message.objects.filter(language.messages(query), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _transactions(query: language.Query, ids: set[UUID]) -> set[UUID]:
    rows = transactions.not_accepted(ALL, query).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _sessions(query: language.Query, ids: set[UUID]) -> set[UUID]:
    rows = Session.objects.filter(language.sessions(query), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _releases(query: language.Query, ids: set[UUID]) -> set[UUID]:
    of = dict(Release.objects.filter(pk__in=ids).values_list("pk", "message_id"))
    matching = _messages(query, set(of.values()))
    return {id for id, message in of.items() if message in matching}


_MATCHES: dict[str, Callable[[language.Query, set[UUID]], set[UUID]]] = {
    "message": _messages,
    "transaction": _transactions,
    "session": _sessions,
    "release": _releases,
}
