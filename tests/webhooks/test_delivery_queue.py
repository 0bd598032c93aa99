"""What a try leads to: order, rests, the end of tries, and webhooks that are dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import Conflict
from inbox.mailbox.scope import ALL
from inbox.models import Webhook, WebhookDelivery
from inbox.webhooks import deliveries, delivery_queue, fan_out, hooks
from inbox.webhooks.delivery_queue import MOST_TRIES, RESTS
from mailsink.ids import uuid7
from mailsink.posting.poster import PostResult
from tests.webhooks.conftest import AddHook

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
HERE = uuid7()  # this process
OK = PostResult(200, "ok", 5)
DOWN = PostResult(None, "No connection.", 5)


def answered(code: int, retry_after: int | None = None) -> PostResult:
    return PostResult(code, "no", 5, retry_after)


def delivery(hook: Webhook, inbox: int | None = 1, **fields: object) -> WebhookDelivery:
    given = {"event_id": uuid7(), "event": "message.created", "object_id": uuid7()}
    return WebhookDelivery.objects.create(
        webhook=hook, inbox_id=inbox, **given | fields
    )


def ready(hook: Webhook, now: datetime = NOW, most: int = 10) -> list[UUID]:
    return [each.pk for each in delivery_queue.ready(hook, now, most)]


def tried(
    hook: Webhook, one: WebhookDelivery, result: PostResult, now: datetime = NOW
) -> WebhookDelivery:
    delivery_queue.take_result(one, result, now)
    delivery_queue.store(hook, [one], now)
    hook.refresh_from_db()
    return WebhookDelivery.objects.get(pk=one.pk)


def test_a_success(add_hook: AddHook) -> None:
    hook = add_hook()
    done = tried(hook, delivery(hook), OK)
    assert (done.state, done.code, done.text, done.took_ms, done.tries) == (
        "delivered", 200, "ok", 5, 1,
    )  # fmt: skip
    assert ready(hook) == []


def test_what_failed_holds_up_its_inbox_and_no_other(add_hook: AddHook) -> None:
    hook = add_hook()
    rows = [delivery(hook, inbox) for inbox in (1, 2, None, 1, None, 2)]
    tried(hook, rows[0], DOWN)
    tried(hook, rows[2], answered(500))
    assert ready(hook) == [rows[1].pk, rows[5].pk]
    later = NOW + timedelta(seconds=RESTS[0])
    assert ready(hook, later) == [each.pk for each in rows]
    assert delivery_queue.due([], HERE)[0] == [hook.pk]
    assert delivery_queue.due([hook.pk], HERE) == ([], None)


def test_what_another_process_has_is_not_due(add_hook: AddHook) -> None:
    """It would be asked for without rest, as long as the other calls it."""
    hook = add_hook()
    delivery(hook)
    assert delivery_queue.lease(hook.pk, uuid7())
    assert delivery_queue.due([], HERE) == ([], None)
    Webhook.objects.filter(pk=hook.pk).update(leased_until=NOW - timedelta(hours=1))
    assert delivery_queue.due([], HERE)[0] == [hook.pk]


def test_what_ended_meanwhile_does_not_wait_again(add_hook: AddHook) -> None:
    hook = add_hook()
    one = delivery(hook)
    tried(hook, WebhookDelivery.objects.get(pk=one.pk), OK)
    assert tried(hook, one, DOWN).state == "delivered"


def test_what_waits_behind_a_rest_is_found_by_an_index(add_hook: AddHook) -> None:
    """Nothing walks through a long queue to find out that it rests, nor counts it so."""
    if connection.vendor != "sqlite":
        pytest.skip("what PostgreSQL plans depends on how long the queue is")
    hook = add_hook()
    rests, other = delivery(hook), delivery(hook, 2)
    tried(hook, rests, DOWN)
    for _ in range(30):
        delivery(hook)
    with CaptureQueriesContext(connection) as queries:
        assert ready(hook) == [other.pk]
        deliveries.find(ALL, hook.pk, None, 10, "failed")
        hooks.waiting(hook)
    found = [plan(each["sql"]) for each in queries if "webhookdelivery" in each["sql"]]
    assert all("SEARCH" in each and "TEMP B-TREE" not in each for each in found)
    # With all that narrows it in the index: the state alone would leave a long queue.
    by = [each for each in found if "webhook_resting" not in each]
    assert all("webhook_id=? AND state=?" in each for each in by)
    assert sum("inbox_id=?" in each for each in by) == 2
    assert "COVERING" in by[-1]


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "; ".join(row[3] for row in cursor.fetchall())


def test_rests_grow_until_it_fails_and_the_next_has_its_turn(add_hook: AddHook) -> None:
    hook = add_hook()
    one, behind = delivery(hook), delivery(hook)
    now = NOW
    for rest in RESTS:
        done = tried(hook, one, answered(503), now)
        assert done.next_try_at is not None
        assert (done.next_try_at - now).total_seconds() == rest
        assert ready(hook, now) == []
        now = done.next_try_at
    assert tried(hook, one, answered(503), now).state == "failed"
    assert one.tries == MOST_TRIES
    assert ready(hook, now) == [behind.pk]
    assert hook.failing_since == NOW
    assert hook.off_since is None


@pytest.mark.parametrize(("asked", "rest"), [(60, 60), (1, 5), (99999, 3600)])
def test_a_receiver_says_when_to_come_again(
    add_hook: AddHook, asked: int, rest: int
) -> None:
    hook = add_hook()
    done = tried(hook, delivery(hook), answered(429, asked))
    assert done.next_try_at == NOW + timedelta(seconds=rest)


def test_what_a_receiver_refuses_is_given_up_soon(add_hook: AddHook) -> None:
    hook = add_hook()
    one = delivery(hook)
    states = [tried(hook, one, answered(422)).state for _ in range(3)]
    assert states == ["queued", "queued", "failed"]
    assert hook.failing_since is None  # it is not dead


class TestDead:
    def test_after_a_day_it_is_off_and_its_queue_has_failed(
        self, add_hook: AddHook
    ) -> None:
        hook = add_hook()
        rows = [delivery(hook) for _ in range(3)]
        tried(hook, rows[0], DOWN)
        later = NOW + delivery_queue.DEAD_AFTER + timedelta(seconds=1)
        tried(hook, rows[0], DOWN, later)
        assert hook.off_since == later
        assert hook.off_reason == "nothing could be delivered for a day."
        states = WebhookDelivery.objects.values_list("state", "text").distinct()
        assert list(states) == [
            (
                "failed",
                "The webhook was turned off before this was sent: nothing could be "
                "delivered for a day.",
            )
        ]
        with pytest.raises(Conflict, match="turn it on first"):
            deliveries.replay_failed(ALL, hook.pk)
        hooks.change(ALL, hook.pk, {})
        assert deliveries.replay_failed(ALL, hook.pk) == 3
        again = WebhookDelivery.objects.filter(state="queued").order_by("pk")
        assert [each.event_id for each in again] == [each.event_id for each in rows]
        assert deliveries.replay_failed(ALL, hook.pk) == 0  # they are marked

    def test_a_success_in_between_counts(self, add_hook: AddHook) -> None:
        hook = add_hook()
        one = delivery(hook)
        tried(hook, one, DOWN)
        tried(hook, delivery(hook), OK)
        later = NOW + delivery_queue.DEAD_AFTER + timedelta(seconds=1)
        tried(hook, one, DOWN, later)
        assert hook.off_since is None

    def test_one_that_is_gone_is_off_at_once(self, add_hook: AddHook) -> None:
        hook = add_hook()
        tried(hook, delivery(hook), answered(410))
        assert hook.off_reason == "the receiver answered 410 (Gone)."


class TestLease:
    def test_one_process_at_a_time(self, add_hook: AddHook) -> None:
        hook, mine, other = add_hook(), uuid7(), uuid7()
        assert delivery_queue.lease(hook.pk, mine)
        assert delivery_queue.lease(hook.pk, mine)
        assert delivery_queue.lease(hook.pk, other) is None
        delivery_queue.hand_back(hook.pk, other)
        assert delivery_queue.lease(hook.pk, other) is None
        delivery_queue.hand_back(hook.pk, mine)
        assert delivery_queue.lease(hook.pk, other)

    def test_it_ends_by_itself_or_by_who_is_alone(self, add_hook: AddHook) -> None:
        hook, mine = add_hook(), uuid7()
        delivery_queue.lease(hook.pk, uuid7())
        past = datetime.now(UTC) - timedelta(seconds=1)
        Webhook.objects.update(leased_until=past)
        assert delivery_queue.lease(hook.pk, mine)
        delivery_queue.free()
        assert delivery_queue.lease(hook.pk, uuid7())


class TestTests:
    def test_first_and_also_if_paused(self, add_hook: AddHook) -> None:
        hook = add_hook(paused=True)
        delivery(hook)
        made = deliveries.test(ALL, hook.pk)
        assert ready(hook) == [made.pk]
        done = tried(hook, made, DOWN)
        assert done.state == "failed"  # once
        assert hook.failing_since is None

    def test_only_so_many(self, add_hook: AddHook) -> None:
        hook = add_hook()
        for _ in range(5):
            deliveries.test(ALL, hook.pk)
        with pytest.raises(Conflict, match="other tests"):
            deliveries.test(ALL, hook.pk)


class TestReplay:
    def test_one_at_the_end_with_the_same_event(self, add_hook: AddHook) -> None:
        hook = add_hook()
        one, waiting = delivery(hook), delivery(hook)
        with pytest.raises(Conflict, match="already in the queue"):
            deliveries.replay(ALL, hook.pk, one.pk)
        tried(hook, one, OK)
        again = deliveries.replay(ALL, hook.pk, one.pk)
        assert ready(hook) == [waiting.pk, again.pk]
        assert again.event_id == one.event_id
        assert deliveries.get(ALL, hook.pk, one.pk).state == "delivered"

    def test_a_full_queue_takes_none(
        self, add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fan_out, "MOST_WAITING", 1)
        hook = add_hook()
        one, _waiting = delivery(hook), delivery(hook)
        tried(hook, one, OK)
        with pytest.raises(Conflict, match="1 events wait already"):
            deliveries.replay(ALL, hook.pk, one.pk)

    def test_what_fails_again_meanwhile_is_not_replayed_again(
        self, add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hook = add_hook()
        for _ in range(2):
            delivery(hook, state="failed")
        turns, write_turn = iter(range(10)), deliveries.write_turn

        @contextmanager
        def with_a_quick_failure() -> Iterator[None]:
            next(turns)
            WebhookDelivery.objects.filter(state="queued").update(state="failed")
            with write_turn():
                yield

        monkeypatch.setattr(deliveries, "write_turn", with_a_quick_failure)
        monkeypatch.setattr(deliveries, "ROWS_IN_A_TURN", 2)
        assert deliveries.replay_failed(ALL, hook.pk) == 2

    def test_of_another_webhook(self, add_hook: AddHook) -> None:
        one = delivery(add_hook(), state="failed")
        with pytest.raises(Exception, match="there is no delivery"):
            deliveries.replay(ALL, add_hook().pk, one.pk)


class TestRemoval:
    def test_after_a_month(self, add_hook: AddHook) -> None:
        hook = add_hook()
        from mailsink.ids import first_at

        old = first_at((datetime.now(UTC) - timedelta(days=31)).timestamp())
        delivery(hook, id=old, state="delivered")
        kept = [delivery(hook, state="failed").pk]
        kept.append(delivery(hook, id=UUID(int=old.int + 1)).pk)  # waits
        assert delivery_queue.remove_old() == 1
        assert delivery_queue.remove_old() == 0
        assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == set(kept)

    def test_beyond_a_number(
        self, add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivery_queue, "MOST_KEPT", 2)
        hook = add_hook()
        rows = [delivery(hook, state="delivered") for _ in range(5)]
        assert delivery_queue.remove_old() == 3
        left = WebhookDelivery.objects.order_by("pk")
        assert [each.pk for each in left] == [each.pk for each in rows[3:]]
