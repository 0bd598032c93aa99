"""Moves events from the outbox into the queue of each webhook that wants them."""

from __future__ import annotations

import time
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
from inbox.search import fields, language
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from inbox.webhooks.queue_room import QueueRoom
from mailsink.ids import go_on_after, made_at, uuid7

MOST_WAITING = 100_000  # events in the queue of a webhook
_AT_ONCE = 100  # events
_INDEXED_WITHIN = 300.0  # seconds that a query waits for the words of a message
# "hook": PostgreSQL's advisory lock of the process that moves events
_LOCK = 0x686F6F6B

IsBounce = Callable[[UUID], bool]


def move_some(is_bounce: IsBounce, room: QueueRoom | None = None) -> int:
    """Move the oldest events; return their number.

    is_bounce: whether a message is a delivery report; room: counted now if not given
    """
    found = list(Webhook.objects.filter(off_since=None).order_by("pk"))
    most = min(_AT_ONCE, ROWS_IN_A_TURN // (2 * len(found) + 1))
    events = list(WebhookEvent.objects.order_by("pk")[: max(1, most)])
    if any(hook.query for hook in found):
        events = _indexed(events)
    if not events:
        return 0
    is_bounce, room = cache(is_bounce), room or QueueRoom()
    wanted = [(hook, _wanted(hook, events, is_bounce)) for hook in found]
    rooms = {hook.pk: room.of(hook, MOST_WAITING) for hook in found}
    ids = [each.pk for each in events]
    with write_turn():
        _one_at_a_time()
        rows = WebhookEvent.objects.filter(pk__in=ids)
        still = set(rows.values_list("pk", flat=True))
        on = set(Webhook.objects.filter(off_since=None).values_list("pk", flat=True))
        added = {
            hook: _add(
                hook, [each for each in its if each.event_id in still], rooms[hook.pk]
            )
            for hook, its in wanted
            if hook.pk in on
        }
        rows.delete()
    for hook, count in added.items():
        room.take(hook, count)
    return len(events)


def _indexed(events: list[WebhookEvent]) -> list[WebhookEvent]:
    """Return the events before the first one whose message still waits for the indexer.

    A query may need its words. Later events wait, too, to keep their order.
    """
    ids = [each.object_id for each in events if each.event == "message.created"]
    rows = Message.objects.filter(pk__in=ids, indexed_at=None, deleted_at=None)
    waiting, now = set(rows.values_list("pk", flat=True)), time.time()
    for n, each in enumerate(events):
        if each.object_id in waiting and now - made_at(each.pk) < _INDEXED_WITHIN:
            return events[:n]
    return events


def _add(hook: Webhook, wanted: Sequence[WebhookDelivery], room: int) -> int:
    """Put deliveries at the end of a queue, as many as fit; return their number."""
    queued = wanted[: max(0, room)]
    for each in queued:
        each.pk = uuid7()  # made in our turn, and so after those of earlier turns
    WebhookDelivery.objects.bulk_create(queued)
    if left_out := len(wanted) - len(queued):
        rows = Webhook.objects.filter(pk=hook.pk)
        rows.update(left_out=F("left_out") + left_out)
    return len(queued)


def _one_at_a_time() -> None:
    """Make processes move events one after the other, to keep their order.

    The clock of this machine may be behind that of the previous one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        newest = WebhookDelivery.objects.order_by("-pk").values_list("pk", flat=True)
        if last := newest.first():
            go_on_after(last)


def _wanted(
    hook: Webhook, events: Sequence[WebhookEvent], is_bounce: IsBounce
) -> list[WebhookDelivery]:
    """Return the deliveries of a webhook for events, in order."""
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
    """Return the objects that match a query; a release matches through its message.

    An empty query matches all; a query that has become invalid matches nothing.
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
    with fields.few():
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
