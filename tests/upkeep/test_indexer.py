from __future__ import annotations

import asyncio
import queue
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from inbox.capture.recorder import Recorder
from inbox.mailbox import messages
from inbox.mailbox.scope import ALL
from inbox.models import BodyFinding, Fingerprint, Message, Raw, SearchText
from inbox.storage import body_store
from inbox.upkeep import extraction, indexer
from mailsink.ports import Stored
from mailsink.web.workers import Off, Unanswered
from tests.mails import HELLO
from tests.recording import Client, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LARGE = HELLO + b"Hello again, see page 4711.\r\n" * 40_000
WITH_ATTACHMENT = (
    b"From: a@example.com\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nSee   the\r\nfile.\r\n"
    b"--b\r\nContent-Type: application/pdf\r\n"
    b'Content-Disposition: attachment; filename="a.pdf"\r\n\r\n'
    + b"%PDF\r\n" * 2000
    + b"--b--\r\n"
)


def sent(*bodies: bytes) -> list[Message]:
    async def client(recorder):
        client = Client(recorder)
        for each in bodies:
            client.envelope()
            assert isinstance(await client.send(each), Stored)
        client.close()

    play(client)
    return list(Message.objects.order_by("id"))


def test_it_fills_in_what_needs_the_body() -> None:
    sent(HELLO, WITH_ATTACHMENT)
    ids = indexer.index_some()
    plain, attached = Message.objects.order_by("id")
    assert ids == [plain.id, attached.id]
    assert (plain.snippet, plain.attachments) == ("Hi.", 0)
    assert (attached.snippet, attached.attachments) == ("See the file.", 1)
    assert plain.indexed_at is not None
    assert indexer.index_some() == []


def test_large_bodies_are_compressed_and_read_back_the_same() -> None:
    [message] = sent(WITH_ATTACHMENT)
    indexer.index_some()
    stored = Raw.objects.get()
    assert stored.codec == "zlib"
    assert len(stored.content) < len(WITH_ATTACHMENT) / 2
    assert body_store.open_raw(message.transaction_id) == WITH_ATTACHMENT
    assert body_store.read_start(stored, 30) == WITH_ATTACHMENT[:30]


def test_a_lost_body_does_not_hold_up_the_queue() -> None:
    lost, found = sent(HELLO, HELLO)
    Raw.objects.filter(transaction=lost.transaction_id).delete()
    assert len(indexer.index_some()) == 2
    found.refresh_from_db()
    assert found.snippet == "Hi."


def test_a_message_that_is_deleted_meanwhile_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    deleted, lost = sent(HELLO, HELLO)
    Message.objects.filter(pk=deleted.pk).delete()
    for each in (deleted, lost):
        extraction.extract(each, None, [])
    assert [each.getMessage() for each in caplog.records] == [
        f"Message {lost.pk} has lost its body: it is not stored"
    ]


def test_queries_do_not_grow_with_the_messages_of_a_step() -> None:
    counts = []
    for number in (2, 18):
        sent(*[HELLO] * number)
        with CaptureQueriesContext(connection) as queries:
            assert len(indexer.index_some()) == number
        counts.append(len(queries))
    # The bodies are read a few at a time, and full text is put in as rows.
    assert counts[1] - counts[0] < 6


def test_it_takes_the_queue_in_steps_and_tells_of_each() -> None:
    sent(*[HELLO] * 105)
    told: list[int] = []
    work = indexer.indexer(lambda: False, lambda ids: told.append(len(ids)))
    rests = [work._step(), work._step(), work._step()]
    assert told == [100, 5]
    assert rests[0] < 0.02 < rests[1] < 1  # then attempts are joined


@pytest.mark.parametrize(
    ("after", "within", "joined"), [(60, 60, 0), (0, 60, 1), (60, 0, 1)]
)
def test_attempts_are_joined_in_a_calm_moment_or_in_the_end(
    monkeypatch: pytest.MonkeyPatch, after: float, within: float, joined: int
) -> None:
    monkeypatch.setattr(indexer, "_JOINED_AFTER", after)
    monkeypatch.setattr(indexer, "_JOINED_WITHIN", within)
    work = indexer.indexer(lambda: False, lambda _: None)
    sent(HELLO)
    work._step()
    assert Fingerprint.objects.count() == joined
    assert not Message.objects.filter(indexed_at=None).exists()


def test_a_calm_moment_comes_in_the_end() -> None:
    calm = indexer.CalmMoment(after=1, within=5)
    assert calm.at <= 0
    for now, at in [(10.0, 11.0), (10.9, 11.9), (14.5, 15.0), (15.5, 15.0)]:
        calm.put_off(now)
        assert calm.at == at
    calm.end()
    calm.put_off(20.0)
    assert calm.at == 21.0


def test_it_stands_back_while_mail_pours_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "_BUSY_PAUSE", 60.0)  # however slow this machine is
    sent(*[HELLO] * 55)
    told: list[int] = []
    work = indexer.indexer(lambda: True, lambda ids: told.append(len(ids)))
    work._step()
    work._step()
    assert told == [5]  # a small step, and then none for a while


def test_what_is_awaited_goes_first_while_mail_pours_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(indexer, "_BUSY_PAUSE", 60.0)  # however slow this machine is
    sent(*[HELLO] * 55)
    newest = list(Message.objects.order_by("-pk").values_list("pk", flat=True)[:2])
    told: list[list[UUID]] = []
    awaited = indexer.Awaited()
    work = indexer.indexer(lambda: True, told.append, awaited)
    work._step()
    awaited.add(newest)
    rest = work._step()
    assert [set(each) for each in told[1:]] == [set(newest)]
    assert 0 < rest < 60  # as long as it took
    awaited.add(newest)  # that are indexed by now
    work._step()
    assert len(told) == 2


def test_what_is_awaited_keeps_nothing_else_from_its_turn() -> None:
    sent(*[HELLO] * 10)
    newest = Message.objects.latest("pk").pk
    told: list[list[UUID]] = []
    awaited = indexer.Awaited()
    awaited.add([newest])
    indexer.indexer(lambda: False, told.append, awaited)._step()
    assert [len(each) for each in told] == [1, 9]


def test_what_is_awaited_has_a_bound() -> None:
    awaited = indexer.Awaited()
    awaited.add(UUID(int=number) for number in range(5000))
    taken = 0
    while some := awaited.take():
        taken += len(some)
    assert taken == 2000


def test_it_indexes_what_is_stored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "_LOOK_EVERY", 600.0)  # so that only a nudge helps
    told: queue.Queue[list[UUID]] = queue.Queue()

    recorders: list[Recorder] = []
    work = indexer.indexer(lambda: recorders[0].busy, told.put)

    async def client(recorder: Recorder) -> None:
        recorders.append(recorder)
        work.start()
        client = Client(recorder)
        for _ in range(12):  # one by one, and more than make the recorder busy
            client.envelope()
            assert isinstance(await client.send(HELLO), Stored)
        client.close()
        ids: set[UUID] = set()
        while len(ids) < 12:
            ids.update(await asyncio.to_thread(told.get, timeout=120))
        await work.stop()

    play(client, nudge=lambda _: work.nudge())
    assert not Message.objects.filter(indexed_at=None).exists()


def test_what_another_process_has_indexed_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = sent(HELLO, HELLO)
    index_all = indexer._index_all

    def meanwhile(rows: QuerySet[Message]) -> list[indexer._Indexed]:
        indexed = index_all(rows)
        Message.objects.filter(pk=first.pk).update(
            indexed_at=datetime.now(UTC), snippet="Theirs."
        )
        return indexed

    monkeypatch.setattr(indexer, "_index_all", meanwhile)
    assert indexer.index_some() == [second.pk]
    first.refresh_from_db()
    assert first.snippet == "Theirs."


def beside(job: Mapping[str, str]) -> bytes:
    """Do a job as a process beside the server does it."""
    return extraction.by_id(job["id"])


def test_what_is_large_is_read_beside_the_server() -> None:
    large, small = sent(LARGE, WITH_ATTACHMENT)
    assert indexer.index_some() == [small.pk]
    told: list[UUID] = []
    work = indexer.large_indexer(beside, told.extend)
    work._step()
    assert told == [large.pk]
    assert work._step() > 1  # nothing is left
    large.refresh_from_db()
    assert large.snippet.startswith("Hi. Hello again, see page 4711.")
    assert [each.pk for each in messages.find(ALL, "4711").items] == [large.pk]
    shown = BodyFinding.objects.filter(transaction=large.transaction_id)
    assert shown.filter(kind="missing_date").exists()


def test_what_no_process_can_read_is_indexed_by_its_beginning() -> None:
    [large] = sent(LARGE)
    jobs: list[str] = []

    def die(job: Mapping[str, str]) -> bytes:
        jobs.append(job["id"])
        raise Unanswered("reading this message ended unexpectedly")

    work = indexer.large_indexer(die, lambda ids: None)
    for _ in range(3):
        large.refresh_from_db()
        assert large.indexed_at is None
        work._step()
    assert jobs == [str(large.pk)] * 2
    large.refresh_from_db()
    assert large.snippet.startswith("Hi. Hello again, see page 4711.")


def test_a_server_that_stops_leaves_what_is_large_in_the_queue() -> None:
    [large] = sent(LARGE)

    def stopping(_: Mapping[str, str]) -> bytes:
        raise Off

    work = indexer.large_indexer(stopping, lambda ids: None)
    for _ in range(5):
        work._step()
    large.refresh_from_db()
    assert large.indexed_at is None


def test_large_messages_are_caught_up_with_beside_the_server() -> None:
    sent(LARGE)
    work = indexer.large_indexer(beside, lambda ids: None)
    work._step()
    SearchText.objects.all().delete()
    assert not indexer.catch_up()
    assert not messages.find(ALL, "4711").items
    work._step()
    assert messages.find(ALL, "4711").items
    assert work._step() > 1
