from __future__ import annotations

import asyncio
import queue
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db.models import QuerySet

from inbox.capture.recorder import Recorder
from inbox.models import Message, Raw
from inbox.storage import bodies
from inbox.upkeep import indexer
from mailsink.ports import Kept

from .recording import MAIL, Client, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

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
            assert isinstance(await client.send(each), Kept)
        client.close()

    play(client)
    return list(Message.objects.order_by("id"))


def test_it_fills_in_what_needs_the_body() -> None:
    sent(MAIL, WITH_ATTACHMENT)
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
    assert bodies.open_raw(message.transaction_id) == WITH_ATTACHMENT
    assert bodies.read_start(stored, 30) == WITH_ATTACHMENT[:30]


def test_a_lost_body_does_not_hold_up_the_queue() -> None:
    lost, found = sent(MAIL, MAIL)
    Raw.objects.filter(transaction=lost.transaction_id).delete()
    assert len(indexer.index_some()) == 2
    found.refresh_from_db()
    assert found.snippet == "Hi."


def test_it_takes_the_queue_in_steps_and_tells_of_each() -> None:
    sent(*[MAIL] * 25)
    told: list[int] = []
    work = indexer.indexer(lambda: False, lambda ids: told.append(len(ids)))
    rests = [work._step(), work._step(), work._step()]
    assert told == [20, 5]
    assert rests[0] < 1 < rests[1]


def test_it_stands_back_while_mail_pours_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "_BUSY_PAUSE", 60.0)  # however slow this machine is
    sent(*[MAIL] * 25)
    told: list[int] = []
    work = indexer.indexer(lambda: True, lambda ids: told.append(len(ids)))
    work._step()
    work._step()
    assert told == [5]  # a small step, and then none for a while


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
            assert isinstance(await client.send(MAIL), Kept)
        client.close()
        ids: set[UUID] = set()
        while len(ids) < 12:
            ids.update(await asyncio.to_thread(told.get, timeout=10))
        await work.stop()

    play(client, nudge=work.nudge)
    assert not Message.objects.filter(indexed_at=None).exists()


def test_what_another_process_has_indexed_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = sent(MAIL, MAIL)
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
