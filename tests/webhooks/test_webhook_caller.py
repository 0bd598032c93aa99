"""The worker: from the outbox to a real web server, in order, none lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, DataError
from standardwebhooks import Webhook as Verifier

from inbox.api.v3.event_objects import EventObjects
from inbox.mailbox import signals
from inbox.mailbox.scope import ALL
from inbox.models import Message, Webhook, WebhookDelivery, WebhookEvent
from inbox.storage.threads import in_thread
from inbox.upkeep import indexer
from inbox.webhooks import deliveries, delivery_queue, hooks
from inbox.webhooks.webhook_caller import WebhookCaller
from mailsink.ids import uuid7
from mailsink.posting.poster import Poster
from mailsink.web.request_rules import RequestHead, Rules
from mailsink.web.workers import Unanswered
from tests import factories
from tests.fuzzing import at_length
from tests.mails import BOUNCE
from tests.receiver import Received, receiving
from tests.webhooks.conftest import LOOPBACK, AddHook, happened

pytestmark = pytest.mark.django_db(transaction=True)


def none_done(job: object) -> bytes:
    raise Unanswered("no process")


def call(
    until: Callable[[], bool], objects: Any = None, poster: Poster | None = None
) -> None:
    """Have webhooks called until something holds."""

    pause = threading.Event()

    async def main() -> None:
        caller = WebhookCaller(
            uuid7(),
            objects or EventObjects(none_done),
            poster or Poster(LOOPBACK),
        )
        caller.start()
        try:
            while not await in_thread(lambda: until() or pause.wait(0.02)):
                pass
        finally:
            await caller.stop()

    asyncio.run(main())


def states(hook: Webhook | None = None) -> list[str]:
    rows = WebhookDelivery.objects.order_by("pk")
    if hook:
        rows = rows.filter(webhook=hook)
    return list(rows.values_list("state", flat=True))


def all_ended() -> bool:
    return not WebhookEvent.objects.exists() and "queued" not in states()


def sessions(count: int) -> list[WebhookEvent]:
    """So many events of one session."""
    session = factories.session(ending="quit", closed_at=datetime.now(UTC))
    return WebhookEvent.objects.bulk_create(
        WebhookEvent(
            event="session.closed", object_id=session.pk, inbox_id=session.inbox_id
        )
        for _ in range(count)
    )


def ids(calls: Iterable[Received]) -> list[str]:
    return [each.headers["webhook-id"] for each in calls]


def test_each_event_has_its_object(add_hook: AddHook) -> None:
    message = factories.message()
    bounce = factories.message(BOUNCE, reverse_path="")
    refused = factories.transaction(recipients=[("bob@example.com", 550)])
    for event, id in (
        ("message.created", message.pk),
        ("message.created", bounce.pk),
        ("transaction.rejected", refused.pk),
        ("session.closed", refused.session_id),
    ):
        happened(event, id)
    with receiving() as receiver:
        made = hooks.add(
            ALL,
            {
                "url": receiver.url,
                "events": [
                    "message.created", "message.bounced", "transaction.rejected",
                    "session.closed",
                ],
            },
        )  # fmt: skip
        call(all_ended)
    said = [Verifier(made.secret).verify(c.body, c.headers) for c in receiver.calls]
    assert [(each["event"], each["object"]["id"]) for each in said] == [
        ("message.created", str(message.pk)),
        ("message.created", str(bounce.pk)),
        ("message.bounced", str(bounce.pk)),
        ("transaction.rejected", str(refused.pk)),
        ("session.closed", str(refused.session_id)),
    ]
    assert said[2]["object"]["report"]["kind"] == "delivery"
    assert said[1]["id"] == said[2]["id"]
    assert {each["inbox"] for each in said} == {"default"}
    assert all(each["left_out"] == [] for each in said)
    assert set(states()) == {"delivered"}


def test_what_was_deleted_is_skipped(add_hook: AddHook) -> None:
    gone, kept = factories.message(), factories.message()
    Message.objects.filter(pk=gone.pk).update(deleted_at=datetime.now(UTC))
    for each in (gone, kept):
        happened("message.created", each.pk)
    with receiving() as receiver:
        add_hook(url=receiver.url)
        call(all_ended)
    assert states() == ["skipped", "delivered"]
    assert receiver.calls[0].json["object"]["id"] == str(kept.pk)


def test_a_query_that_waits_for_the_indexer(add_hook: AddHook) -> None:
    message = factories.message(b"Subject: Hello\r\n\r\nYour order-4711")
    happened("message.created", message.pk)
    looked = threading.Event()

    def indexed() -> bool:
        if looked.is_set() and (ids := indexer.index_some()):
            signals.announce([signals.MessageUpdated(each) for each in ids])
        return bool(states()) and all_ended()

    with receiving() as receiver, pytest.MonkeyPatch.context() as patch:
        due = delivery_queue.due

        def looking(*given: Any) -> Any:
            try:
                return due(*given)
            finally:
                looked.set()

        patch.setattr(delivery_queue, "due", looking)
        add_hook(url=receiver.url, query="order-4711")
        call(indexed)
    assert receiver.calls[0].json["object"]["snippet"]


def test_a_large_message_that_no_process_reads(add_hook: AddHook) -> None:
    large = factories.message(b"Subject: Large\r\n\r\n" + b"x" * 600_000)
    happened("message.created", large.pk)
    with receiving() as receiver:
        add_hook(url=receiver.url)
        call(all_ended)
    said = receiver.calls[0].json["object"]
    assert said["subject"] == "Large"
    assert said["truncated"] == ["html", "text", "parts"]


def test_an_order_holds_while_the_receiver_fails(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing overtakes what failed, and nothing is lost."""
    monkeypatch.setattr(delivery_queue, "RESTS", (0.01,) * 20)
    monkeypatch.setattr(delivery_queue, "MOST_TRIES", 21)
    events = sessions(20)

    def answer(n: int, call: Received) -> int:
        return 204 if n % 3 == 2 else 503

    with receiving(answer) as receiver:
        add_hook(url=receiver.url)
        call(all_ended)
    assert set(states()) == {"delivered"}
    heard = ids(receiver.calls)
    assert list(dict.fromkeys(heard)) == [str(each.pk) for each in events]
    assert heard == [id for each in events for id in [str(each.pk)] * 3]


@pytest.mark.hypothesis  # `make fuzz` has many more
@pytest.mark.timeout(400)  # as many calls take, on a busy machine too
def test_a_burst(add_hook: AddHook) -> None:
    """Thousands of events, each delivered once, in order."""
    many = 10_000 if at_length() else 2_000
    events = [str(each.pk) for each in sessions(many)]
    with receiving() as receiver:
        add_hook(url=receiver.url)
        call(lambda: len(receiver.calls) == many and all_ended())
    assert ids(receiver.calls) == events
    assert set(states()) == {"delivered"}


def test_a_stop_in_the_middle_and_a_start(add_hook: AddHook) -> None:
    """What was being sent when we stopped is sent again, with the same id."""
    events = [str(each.pk) for each in sessions(30)]
    held, free = threading.Event(), threading.Event()

    def answer(n: int, call: Received) -> int:
        if n == 10:
            held.set()
            free.wait()
        return 204

    with receiving(answer) as receiver:
        add_hook(url=receiver.url)
        call(held.is_set)
        free.set()
        assert states().count("queued") >= 20
        call(all_ended)
    assert list(dict.fromkeys(ids(receiver.calls))) == events
    assert set(states()) == {"delivered"}
    tries = WebhookDelivery.objects.values_list("tries", flat=True)
    assert set(tries) == {1}  # ours was no failure


def test_a_receiver_that_hangs_holds_up_no_other(add_hook: AddHook) -> None:
    sessions(5)
    free = threading.Event()

    def hang(n: int, call: Received) -> int:
        free.wait()
        return 204

    with receiving(hang) as slow, receiving() as quick:
        add_hook(url=slow.url)
        hook = add_hook(url=quick.url)
        call(lambda: states(hook) == ["delivered"] * 5)
        free.set()
    assert len(slow.calls) == 1


def test_a_fault_of_the_database_loses_nothing(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.webhooks.webhook_caller._RETRY", 0.01)
    store, faults = delivery_queue.store, [DatabaseError("locked")] * 2

    def failing(*given: Any) -> None:
        if faults:
            raise faults.pop()
        store(*given)

    monkeypatch.setattr(delivery_queue, "store", failing)
    sessions(3)
    with receiving() as receiver:
        add_hook(url=receiver.url)
        call(all_ended)
    assert set(states()) == {"delivered"}
    assert len(set(ids(receiver.calls))) == 3


def test_a_test_is_sent_though_it_is_paused(add_hook: AddHook) -> None:
    with receiving() as receiver:
        hook = add_hook(url=receiver.url, paused=True, name="Tickets")
        sessions(1)
        deliveries.test(ALL, hook.pk)
        call(lambda: "delivered" in states())
    (said,) = receiver.calls
    assert said.json["event"] == "webhook.test"
    assert said.json["object"]["name"] == "Tickets"
    assert sorted(states()) in (["delivered"], ["delivered", "queued"])


def test_a_secret_under_another_key(add_hook: AddHook, settings: Any) -> None:
    sessions(1)
    with receiving() as receiver:
        hook = add_hook(url=receiver.url)
        settings.SECRET_KEY = "another"
        call(all_ended)
    hook.refresh_from_db()
    assert "make a new one" in hook.off_reason
    assert receiver.calls == []


def test_nothing_of_a_url_in_the_log(
    add_hook: AddHook, caplog: pytest.LogCaptureFixture
) -> None:
    sessions(1)
    hook = add_hook(url="http://127.0.0.1:9/s3cret?token=s3cret")
    call(lambda: bool(WebhookDelivery.objects.filter(tries__gt=0)))
    assert "s3cret" not in caplog.text
    assert "s3cret" not in WebhookDelivery.objects.get(webhook=hook).text


def test_a_call_that_reaches_a_mailsink_is_refused(add_hook: AddHook) -> None:
    """It could make Mailsink call the webhook again, without end."""
    sessions(1)
    with receiving() as receiver:
        add_hook(url=receiver.url)
        call(all_ended)
    headers = receiver.calls[0].headers
    head = RequestHead(
        "POST", "http", "/api/v3/webhooks/id/test", headers["host"], "", "", "", "",
        user_agent=headers["user-agent"], webhook_id=headers["webhook-id"],
    )  # fmt: skip
    refusal = Rules((), "sink", "").judge(head)
    assert refusal is not None
    assert (refusal.status, refusal.title) == (403, "Call of a webhook")


@pytest.mark.parametrize("fault", [OSError, DataError])
def test_what_cannot_be_read_holds_up_nothing_for_long(
    add_hook: AddHook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: type[Exception],
) -> None:
    monkeypatch.setattr(delivery_queue, "RESTS", ())
    monkeypatch.setattr(delivery_queue, "MOST_TRIES", 1)
    unreadable, other = factories.message(), factories.message()
    for each in (unreadable, other):
        happened("message.created", each.pk)

    class Broken(EventObjects):
        def get(self, event: str, id: UUID) -> Any:
            if id == unreadable.pk:
                raise fault("the disk is broken")
            return super().get(event, id)

    with receiving() as receiver:
        add_hook(url=receiver.url)
        call(all_ended, Broken(none_done))
    assert states() == ["failed", "delivered"]
    assert "the disk is broken" in caplog.text


def test_a_stop_waits_for_no_receiver(add_hook: AddHook) -> None:
    """It says nothing, nor does the resolver."""
    sessions(1)
    asked = threading.Event()

    async def look_up(host: str, port: int) -> Any:
        asked.set()
        await asyncio.Event().wait()

    add_hook(url="http://hooks.example.com/")
    call(asked.is_set, poster=Poster(LOOPBACK, look_up, seconds=1000))
    assert states() == ["queued"]
