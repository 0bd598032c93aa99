"""Events move from the outbox into the queues of those that want them, in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from inbox.capture.recorder import Recorder
from inbox.mailbox.scope import ALL
from inbox.models import Webhook, WebhookDelivery, WebhookEvent
from inbox.outgoing import release_queue, releases, routes
from inbox.storage import webhook_outbox
from inbox.storage.write_lock import write_turn
from inbox.upkeep import indexer, servers
from inbox.webhooks import fan_out, hooks
from inbox.webhooks.queue_room import QueueRoom
from mailsink.ids import uuid7
from tests import factories
from tests.recording import Client, play
from tests.webhooks.conftest import AddHook, happened

pytestmark = pytest.mark.django_db(transaction=True)


def nobody(id: UUID) -> bool:
    return False


def move(is_bounce: fan_out.IsBounce = nobody) -> None:
    while fan_out.move_some(is_bounce):
        pass
    assert not WebhookEvent.objects.exists()


def queue(hook: Webhook) -> list[tuple[str, UUID | None]]:
    rows = WebhookDelivery.objects.filter(webhook=hook).order_by("pk")
    return list(rows.values_list("event", "object_id"))


def test_in_order_to_each_that_wants_them(add_hook: AddHook) -> None:
    all_, some = add_hook(), add_hook(events=["session.closed"])
    events = [
        happened("session.closed" if n % 3 else "message.created") for n in range(250)
    ]
    move()
    assert queue(all_) == [(each.event, each.object_id) for each in events]
    closed = [each for each in events if each.event == "session.closed"]
    assert queue(some) == [(each.event, each.object_id) for each in closed]
    row = WebhookDelivery.objects.filter(webhook=all_).order_by("pk")[0]
    assert row.event_id == events[0].pk


def test_of_an_inbox_only(add_hook: AddHook) -> None:
    hook = add_hook(inbox="default")
    mine = happened()
    WebhookEvent.objects.create(event="message.created", object_id=mine.pk, inbox_id=77)
    move()
    assert queue(hook) == [("message.created", mine.object_id)]


def test_only_what_a_query_matches(add_hook: AddHook) -> None:
    hook = add_hook(query="subject:invoice from:shop.test", events=["message.created"])
    wanted = factories.message(b"Subject: Your invoice\r\nFrom: a@shop.test\r\n\r\nx")
    other = factories.message(b"Subject: Hello\r\nFrom: a@shop.test\r\n\r\nx")
    for each in (wanted, other):
        happened("message.created", each.pk)
    indexer.index_some()
    move()
    assert queue(hook) == [("message.created", wanted.pk)]


def test_a_query_waits_for_the_words_of_a_message(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would miss them; nothing overtakes what waits."""
    hook = add_hook(query="order-4711")
    message = factories.message(b"Subject: Hello\r\n\r\nYour order-4711")
    happened("message.created", message.pk)
    happened("session.closed")
    assert fan_out.move_some(nobody) == 0
    indexer.index_some()
    move()
    assert queue(hook) == [("message.created", message.pk)]
    late = factories.message()
    happened("message.created", late.pk)
    monkeypatch.setattr(fan_out, "_INDEXED_WITHIN", 0)
    move()  # though it was not indexed in time


@pytest.mark.parametrize(
    ("query", "count"), [("to:bob@x.test", 1), ("to:eve@x.test", 0)]
)
def test_a_query_on_refused_mail(add_hook: AddHook, query: str, count: int) -> None:
    hook = add_hook(query=query)
    refused = factories.transaction(recipients=[("bob@x.test", 550)])
    happened("transaction.rejected", refused.pk)
    happened("session.closed", refused.session_id)
    move()
    found = [event for event, _ in queue(hook)]
    assert found.count("transaction.rejected") == count


def test_a_bounce_is_an_event_of_its_own(add_hook: AddHook) -> None:
    both = add_hook(events=["message.created", "message.bounced"])
    bounces = add_hook(events=["message.bounced"])
    first, second = happened(), happened()
    move(lambda id: id == second.object_id)
    assert queue(both) == [
        ("message.created", first.object_id),
        ("message.created", second.object_id),
        ("message.bounced", second.object_id),
    ]
    assert queue(bounces) == [("message.bounced", second.object_id)]


def test_one_that_is_off_gets_none_one_that_is_paused_waits(add_hook: AddHook) -> None:
    off, paused = add_hook(), add_hook(paused=True)
    Webhook.objects.filter(pk=off.pk).update(off_since="2026-01-01T00:00:00Z")
    happened()
    move()
    assert (hooks.waiting(off), hooks.waiting(paused)) == (0, 1)


def test_a_full_queue_counts_what_it_leaves_out(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "MOST_WAITING", 3)
    hook = add_hook()
    for _ in range(5):
        happened()
    move()
    hook.refresh_from_db()
    assert (hooks.waiting(hook), hook.left_out) == (3, 2)


def test_a_queue_is_not_counted_for_each_batch(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[Webhook] = []

    def waiting(hook: Webhook) -> int:
        counts.append(hook)
        return 95_000

    monkeypatch.setattr(hooks, "waiting", waiting)
    monkeypatch.setattr(fan_out, "MOST_WAITING", 95_250)
    hook, room = add_hook(), QueueRoom()
    for _ in range(300):
        happened()
    while fan_out.move_some(nobody, room):
        pass
    hook.refresh_from_db()
    assert (len(queue(hook)), hook.left_out, counts) == (250, 50, [hook])


def test_the_order_is_that_of_the_turns(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that prepared events early, and has its turn late, puts them behind."""
    hook = add_hook()
    first, second = happened(), happened()
    prepare = fan_out._wanted

    def while_another_has_its_turn(*given: Any) -> list[WebhookDelivery]:
        monkeypatch.setattr(fan_out, "_wanted", prepare)
        prepared = prepare(*given)
        monkeypatch.setattr(fan_out, "_AT_ONCE", 1)
        fan_out.move_some(nobody)
        return prepared

    monkeypatch.setattr(fan_out, "_wanted", while_another_has_its_turn)
    move()
    assert queue(hook) == [(each.event, each.object_id) for each in (first, second)]


class TestOutbox:
    """What happens is in the outbox once it is committed, if somebody wants it."""

    def happenings(self) -> list[str]:
        rows = WebhookEvent.objects.order_by("pk")
        return list(rows.values_list("event", flat=True))

    async def session(self, recorder: Recorder) -> None:
        client = Client(recorder)
        client.envelope()
        await client.send()
        client.envelope()
        client.end("rejected", None)
        client.close()

    def test_of_a_session(self, add_hook: AddHook) -> None:
        add_hook(inbox="default")
        play(self.session)
        assert self.happenings() == [
            "message.created", "transaction.rejected", "session.closed",
        ]  # fmt: skip
        event = WebhookEvent.objects.get(event="message.created")
        assert event.inbox_id == factories.inbox().pk

    def test_nothing_that_nobody_wants(self, add_hook: AddHook) -> None:
        add_hook(events=["release.failed"])
        play(self.session)
        assert self.happenings() == []

    def test_of_an_import(self, add_hook: AddHook) -> None:
        add_hook()
        made = factories.imported()
        assert WebhookEvent.objects.get().object_id == made.pk

    def test_not_of_what_is_rolled_back(self, add_hook: AddHook) -> None:
        add_hook()

        def fail() -> None:
            with write_turn():
                webhook_outbox.put("message.created", [(uuid7(), None)])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert self.happenings() == []

    def test_of_a_session_that_a_crash_left_open(self, add_hook: AddHook) -> None:
        add_hook()
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        left = factories.session(server=factories.server(heartbeat=long_ago))
        servers.close_crashed()
        event = WebhookEvent.objects.get()
        assert (event.event, event.object_id) == ("session.closed", left.pk)

    def test_of_a_release(self, add_hook: AddHook) -> None:
        add_hook(events=["release.failed"])
        routes.add({"name": "hop", "host": "smtp.test", "allow": ["*"]})
        message = factories.message()
        release = releases.request(ALL, message.pk, "hop")
        assert self.happenings() == []
        routes.delete("hop")
        assert release_queue.claim(None, servers.register([], []).pk, None) is None
        event = WebhookEvent.objects.get()
        assert (event.event, event.object_id) == ("release.failed", release.pk)
        assert event.inbox_id == message.inbox_id
