"""The queues of webhooks: the due deliveries, and the results of tries.

The deliveries of a webhook go out in the order of the queue. A failed delivery rests,
and so do all later ones of the same inbox. A process leases a webhook before it calls
it, so that two processes never call the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import TEST_EVENT
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from inbox.webhooks import webhook_signals
from mailsink.ids import first_at
from mailsink.posting.poster import PostResult

# Seconds before the next try, by the number of tries so far.
RESTS = (5, 30, 120, 600, 1800, 3600, 3600, 3600, 3600)
MOST_TRIES = len(RESTS) + 1
# The receiver refuses this delivery: it is tried less often than others.
_REFUSALS = frozenset({400, 405, 406, 411, 413, 414, 415, 422, 431, 451})
_TRIES_IF_REFUSED = 3
_LONGEST_REST = 3600  # seconds that a Retry-After can ask for
DEAD_AFTER = timedelta(days=1)  # without success, despite tries
MOST_KEPT = 50_000  # ended deliveries of a webhook
KEPT_FOR = timedelta(days=30)  # of ended deliveries
_LEASE = timedelta(seconds=60)

_OF_A_TRY = (
    "state",
    "tries",
    "next_try_at",
    "tried_at",
    "took_ms",
    "code",
    "text",
)
_OFF = "The webhook was turned off before this was sent: %s"
_DEAD = "nothing could be delivered for a day."
_GONE = "the receiver answered 410 (Gone)."


def free() -> None:
    """End all leases: their holders are gone. For a process that is the only one."""
    if Webhook.objects.exclude(leased_until=None).exists():
        with write_turn():
            Webhook.objects.update(leased_by=None, leased_until=None)


def lease(id: UUID, server: UUID) -> Webhook | None:
    """Lease a webhook for a minute, or extend the lease; None: another process has it."""
    now = datetime.now(UTC)
    with write_turn():
        rows = Webhook.objects.filter(_can_lease(server, now), pk=id)
        if not rows.update(leased_by=server, leased_until=now + _LEASE):
            return None
    return Webhook.objects.filter(pk=id).first()


def hand_back(id: UUID, server: UUID) -> None:
    """End a lease."""
    with write_turn():
        rows = Webhook.objects.filter(pk=id, leased_by=server)
        rows.update(leased_by=None, leased_until=None)


def due(busy: Collection[UUID], server: UUID) -> tuple[list[UUID], float | None]:
    """Return the webhooks with due deliveries, and the seconds until the next one is due.

    busy: those being called, which are left out, like those leased by other processes
    """
    now = datetime.now(UTC)
    found, later = [], []
    rows = Webhook.objects.filter(_can_lease(server, now))
    for hook in rows.exclude(pk__in=busy):
        if ready(hook, now, 1):
            found.append(hook.pk)
        times = (each.next_try_at for each in _with_a_time(hook))
        later += [(at - now).total_seconds() for at in times if at and at > now]
    return found, min(later, default=None)


def ready(hook: Webhook, now: datetime, most: int) -> list[WebhookDelivery]:
    """Return the next due deliveries, in order: first the tests of users."""
    with_a_time = _with_a_time(hook)
    tests = [each for each in with_a_time if each.event == TEST_EVENT]
    found = sorted(tests, key=lambda each: each.pk)[:most]
    if hook.paused or hook.off_since or len(found) == most:
        return found
    resting = {
        each.inbox_id
        for each in with_a_time
        if each.event != TEST_EVENT and each.next_try_at and each.next_try_at > now
    }
    return found + _of_other_inboxes(hook, resting, most - len(found))


def take_result(delivery: WebhookDelivery, result: PostResult, now: datetime) -> None:
    """Set the state of a delivery from the result of a try. store() writes it."""
    delivery.tries += 1
    delivery.tried_at, delivery.took_ms = now, result.took_ms
    delivery.code, delivery.text = result.code, result.text
    delivery.next_try_at = None
    if result.is_success:
        delivery.state = "delivered"
    elif delivery.event == TEST_EVENT or _is_last(delivery):
        delivery.state = "failed"
    else:
        rest = RESTS[delivery.tries - 1]
        asked = min(result.retry_after or 0, _LONGEST_REST)
        delivery.next_try_at = now + timedelta(seconds=max(rest, asked))


def store(hook: Webhook, deliveries: Sequence[WebhookDelivery], now: datetime) -> None:
    """Write the states of deliveries, and of the webhook: it is off if it is dead."""
    if not deliveries:
        return
    last = deliveries[-1]
    with write_turn():
        for each in deliveries:  # bulk_update takes five times as long
            fields = {name: getattr(each, name) for name in _OF_A_TRY}
            rows = WebhookDelivery.objects.filter(pk=each.pk)
            # A delivery that ended meanwhile, in another process, does not wait again.
            waits = each.state == "queued"
            (rows.filter(state="queued") if waits else rows).update(**fields)
        tried = [each for each in deliveries if each.tries and each.event != TEST_EVENT]
        if tried:
            _judge(hook, tried, now)
    if last.code == 410 and last.event != TEST_EVENT:
        turn_off(hook, _GONE, now)
    elif hook.failing_since and now - hook.failing_since > DEAD_AFTER:
        turn_off(hook, _DEAD, now)


def turn_off(hook: Webhook, reason: str, now: datetime) -> None:
    """Turn a webhook off. Its queue has failed, and can be sent again."""
    with write_turn():
        rows = Webhook.objects.filter(pk=hook.pk, off_since=None)
        rows.update(off_since=now, off_reason=reason)
        transaction.on_commit(webhook_signals.announce)
    while ids := list(_queue(hook).values_list("pk", flat=True)[:ROWS_IN_A_TURN]):
        with write_turn():
            WebhookDelivery.objects.filter(pk__in=ids, state="queued").update(
                state="failed", next_try_at=None, text=_OFF % reason
            )


def remove_old() -> int:
    """Remove a batch of deliveries that ended long ago; return the number of removed rows."""
    before = first_at((datetime.now(UTC) - KEPT_FOR).timestamp())
    for hook in Webhook.objects.all():
        rows = WebhookDelivery.objects.filter(webhook=hook)
        keys = rows.order_by("-pk").values_list("pk", flat=True)
        # The queue is the newest part of the history, so counting needs the index only.
        most = MOST_KEPT + _queue(hook).count()
        too_many = keys[most : most + 1].first()
        last = max(before, too_many) if too_many else before
        ended = keys.filter(pk__lte=last).exclude(state="queued")
        ids = list(ended.reverse()[:ROWS_IN_A_TURN])
        if ids:
            with write_turn():
                WebhookDelivery.objects.filter(pk__in=ids).delete()
            return len(ids)
    return 0


def _can_lease(server: UUID, now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=now) | Q(leased_by=server)


def _with_a_time(hook: Webhook) -> list[WebhookDelivery]:
    """Return the few deliveries of a queue with a time.

    They are tests, and the failed one of each inbox.
    """
    rows = _queue(hook).filter(next_try_at__isnull=False)
    return list(rows.order_by("next_try_at"))


def _of_other_inboxes(
    hook: Webhook, resting: Collection[int | None], most: int
) -> list[WebhookDelivery]:
    """Return the first deliveries of a queue, in order, without those of resting inboxes.

    Each inbox is looked up in an index: 100,000 resting deliveries may precede the
    others.
    """
    rows = _queue(hook).exclude(event=TEST_EVENT)
    if not resting:
        return list(rows.order_by("pk")[:most])
    found: list[WebhookDelivery] = []
    for inbox in _inboxes(hook):
        if inbox not in resting:
            of_inbox = Q(inbox_id__isnull=True) if inbox is None else Q(inbox_id=inbox)
            found += rows.filter(of_inbox).order_by("pk")[:most]
    return sorted(found, key=lambda each: each.pk)[:most]


def _inboxes(hook: Webhook) -> Iterator[int | None]:
    """Yield the inboxes of a queue's events; None stands for no inbox, or several."""
    yield None
    ids = _queue(hook).order_by("inbox_id").values_list("inbox_id", flat=True)
    last = ids.filter(inbox_id__isnull=False).first()
    while last is not None:
        yield last
        last = ids.filter(inbox_id__gt=last).first()


def _queue(hook: Webhook) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(webhook=hook, state="queued")


def _is_last(delivery: WebhookDelivery) -> bool:
    """Whether a failed delivery is not tried again."""
    most = _TRIES_IF_REFUSED if delivery.code in _REFUSALS else MOST_TRIES
    return delivery.tries >= most


def _judge(hook: Webhook, tried: Sequence[WebhookDelivery], now: datetime) -> None:
    """Store the time since which no delivery succeeded. A receiver that refuses is not dead."""
    if any(each.state == "delivered" or each.code in _REFUSALS for each in tried):
        since = None
    else:
        since = hook.failing_since or now
    if since != hook.failing_since:
        hook.failing_since = since
        Webhook.objects.filter(pk=hook.pk).update(failing_since=since)
