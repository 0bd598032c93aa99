"""The history of a webhook from the user's side: lists, replays, tests."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from inbox.errors import Conflict, NotFound
from inbox.mailbox.paging import Page, as_uuid, newest
from inbox.mailbox.scope import Scope
from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import TEST_EVENT
from inbox.outgoing import switch
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from inbox.webhooks import fan_out, hooks, webhook_signals
from mailsink.ids import uuid7

_MOST_TESTS = 5  # tests that wait


def find(
    scope: Scope,
    webhook_id: str | UUID,
    cursor: str | None,
    limit: int,
    state: str = "",
) -> Page[WebhookDelivery]:
    """Return deliveries, the last in the queue first. Raises NotFound, BadRequest."""
    rows = WebhookDelivery.objects.filter(webhook=hooks.get(scope, webhook_id))
    return newest(rows.filter(state=state) if state else rows, cursor, limit)


def get(scope: Scope, webhook_id: str | UUID, id: str | UUID) -> WebhookDelivery:
    """Return one delivery. Raises NotFound."""
    rows = WebhookDelivery.objects.filter(webhook=hooks.get(scope, webhook_id))
    key = as_uuid(id)
    if key and (found := rows.filter(pk=key).first()):
        return found
    raise NotFound(_('there is no delivery "%(id)s"') % {"id": str(id)[:40]})


def replay(scope: Scope, webhook_id: str | UUID, id: str | UUID) -> WebhookDelivery:
    """Queue an ended delivery again, at the end; return the new one.

    Raises NotFound, Conflict.
    """
    hook = _callable(scope, webhook_id)
    with write_turn():
        old = get(scope, webhook_id, id)
        if old.state == "queued":
            raise Conflict(_("it is already in the queue"))
        _check_room(hook)
        (made,) = _again([old])
        transaction.on_commit(webhook_signals.announce)
    return made


def replay_failed(scope: Scope, webhook_id: str | UUID) -> int:
    """Queue all failed deliveries again, at the end, in order; return their number.

    Raises NotFound, Conflict.
    """
    hook = _callable(scope, webhook_id)
    failed = WebhookDelivery.objects.filter(webhook=hook, state="failed")
    # Not those that fail meanwhile
    failed = failed.filter(pk__lt=uuid7()).exclude(event=TEST_EVENT)
    count = 0
    while old := list(failed.order_by("pk")[: ROWS_IN_A_TURN // 2]):
        with write_turn():
            _callable(scope, webhook_id)
            _check_room(hook)
            count += len(_again(old))
            transaction.on_commit(webhook_signals.announce)
    return count


def test(scope: Scope, webhook_id: str | UUID) -> WebhookDelivery:
    """Test a webhook once, before everything that waits, even if it is paused or off.

    Raises NotFound, Conflict.
    """
    switch.check()
    hook = hooks.get(scope, webhook_id)
    now = datetime.now(UTC)
    tests = WebhookDelivery.objects.filter(
        webhook=hook, state="queued", event=TEST_EVENT, next_try_at__isnull=False
    )
    with write_turn():
        if tests.count() >= _MOST_TESTS:
            raise Conflict(_("other tests of this webhook are waiting"))
        made = WebhookDelivery.objects.create(
            webhook=hook, event_id=uuid7(), event=TEST_EVENT, next_try_at=now
        )
        transaction.on_commit(webhook_signals.announce)
    return made


def _callable(scope: Scope, webhook_id: str | UUID) -> Webhook:
    """Return a webhook that will be called. Raises NotFound, Conflict."""
    switch.check()
    hook = hooks.get(scope, webhook_id)
    if hook.off_since:
        raise Conflict(_("the webhook is off; turn it on first"))
    return hook


def _check_room(hook: Webhook) -> None:
    if hooks.waiting(hook) >= fan_out.MOST_WAITING:
        most = fan_out.MOST_WAITING
        raise Conflict(_("%(most)s events wait already") % {"most": f"{most:,}"})


def _again(old: list[WebhookDelivery]) -> list[WebhookDelivery]:
    """Add deliveries of the same events; failed ones are marked, and replayed only once."""
    now = datetime.now(UTC)
    made = [
        WebhookDelivery(
            webhook_id=each.webhook_id,
            event_id=each.event_id,
            event=each.event,
            object_id=each.object_id,
            inbox_id=each.inbox_id,
            next_try_at=now if each.event == TEST_EVENT else None,
        )
        for each in old
    ]
    WebhookDelivery.objects.bulk_create(made)
    keys = [each.pk for each in old if each.state == "failed"]
    WebhookDelivery.objects.filter(pk__in=keys).update(state="replayed")
    return made
