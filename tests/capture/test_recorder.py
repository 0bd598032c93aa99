from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from django.db import OperationalError, connection

from inbox.capture import batch, rows
from inbox.capture.recorder import Limits, Recorder
from inbox.models import (
    Exchange,
    Message,
    Raw,
    Recipient,
    Session,
    Transaction,
)
from inbox.storage import body_store
from inbox.storage.write_lock import write_turn
from mailsink.ports import Refused, Stored
from mailsink.smtp.protocol import events
from tests.busy import others_at_work
from tests.mails import HELLO
from tests.recording import Client, Heard, body, one_message, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_it_keeps_a_message_with_its_envelope_and_transcript() -> None:
    [stored] = play(one_message)

    message = Message.objects.get()
    assert stored == Stored(message.id)
    assert (message.subject, message.from_address) == ("Hello", "ann@example.com")
    assert message.to == [{"name": "", "address": "bob@example.com"}]
    transaction = message.transaction
    assert (transaction.outcome, transaction.code) == ("accepted", 250)
    assert (transaction.recipients_accepted, transaction.recipients_refused) == (1, 1)
    assert transaction.ended_us == 99
    recipients = Recipient.objects.order_by("seq")
    assert [each.rcpt_code for each in recipients] == [250, 550]
    assert body_store.open_raw(transaction.id) == HELLO
    exchanges = Exchange.objects.order_by("seq")
    assert [(each.verb, each.code) for each in exchanges] == [
        ("", 220), ("MAIL", 250), ("RCPT", 250), ("RCPT", 550), ("DATA", 354), ("", 250),
    ]  # fmt: skip
    assert [each.transaction_id for each in exchanges] == [None] + [transaction.id] * 5
    session = Session.objects.get()
    assert (session.ending, session.messages, session.exchanges) == ("quit", 1, 6)
    assert (session.worst_code, session.refused) == (550, 1)
    assert session.closed_at is not None
    assert (session.closed_at - session.opened_at).total_seconds() == 1.5


def test_lmtp_tells_how_the_body_was_answered_to_each_recipient() -> None:
    async def scenario(recorder: Recorder) -> None:
        for protocol in ("LMTP", "SMTP"):
            client = Client(recorder, protocol)
            client.envelope()
            transaction = client.transaction
            assert transaction
            await client.send()  # by now its rows are committed
            client.answer_each(transaction, 250)
            client.envelope()
            assert client.transaction
            client.answer_each(transaction, 451)  # which has been answered
            client.answer_each(client.transaction, 552)
            client.end("rejected", None)

    play(scenario)
    found = Recipient.objects.order_by("transaction_id", "seq")
    final = [(each.rcpt_code, each.final_code) for each in found]
    assert (
        final
        == [(250, 250), (550, None), (250, 552), (550, None)]
        + [
            (250, None),
            (550, None),
        ]
        * 2
    )


def test_what_is_stored_is_committed_when_store_returns() -> None:
    async def scenario(recorder: Recorder) -> bool:
        client = Client(recorder)
        client.envelope()
        stored = await client.send()
        assert isinstance(stored, Stored)
        # another connection, so that only what is committed is seen
        return await asyncio.to_thread(_sees, stored)

    assert play(scenario) == [True]


def _sees(stored: Stored) -> bool:
    from django.db import connection

    try:
        message = Message.objects.get(id=stored.id)
        lines = Exchange.objects.filter(transaction=message.transaction).count()
        return (
            lines == 5 and Raw.objects.filter(transaction=message.transaction).exists()
        )
    finally:
        connection.close()


def test_ids_are_in_the_order_of_the_commits() -> None:
    async def many(recorder: Recorder) -> list[Stored | Refused]:
        client = Client(recorder)
        stored = []
        for _ in range(20):
            client.envelope()
            stored.append(await client.send())
        return stored

    for stored in play(*[many] * 5):
        ids = [each.id for each in stored]
        assert ids == sorted(ids)
    assert Message.objects.count() == 100


def test_a_line_is_stored_before_its_reply() -> None:
    async def scenario(recorder: Recorder) -> None:
        client = Client(recorder)
        client.exchange("command", "EHLO", "EHLO slow.example", None)
        await asyncio.to_thread(_until, lambda: Exchange.objects.filter(code=None))

    play(scenario)
    assert Session.objects.get().ending is None


def _until(query) -> None:
    from django.db import connection

    try:
        _wait_for(lambda: query().exists())
    finally:
        connection.close()


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it never came"
        threading.Event().wait(0.01)


def test_an_open_transaction_is_seen_while_the_client_sits() -> None:
    async def scenario(recorder: Recorder) -> None:
        client = Client(recorder)
        client.envelope()
        await asyncio.to_thread(
            _until, lambda: Transaction.objects.filter(outcome=None, recipients__seq=2)
        )

    play(scenario)


@pytest.mark.parametrize("outcome", ["rejected", "abandoned"])
def test_the_body_of_what_was_not_accepted_is_stored(outcome: events.Outcome) -> None:
    feed = Heard()

    async def scenario(recorder: Recorder) -> None:
        client = Client(recorder)
        client.envelope()
        client.end(outcome, body(b"half a mess", complete=outcome == "rejected"))
        client.close("dropped")

    play(scenario, feed=feed)
    transaction = Transaction.objects.get()
    assert (transaction.outcome, transaction.code) == (outcome, 552)
    assert body_store.open_raw(transaction.id) == b"half a mess"
    assert transaction.raw.complete is (outcome == "rejected")
    assert not Message.objects.exists()
    ended = [row.id for each in feed.changes for row in each.transactions_not_accepted]
    assert ended == [transaction.id]


def test_a_spooled_body_moves_into_the_storage(tmp_path: Path) -> None:
    spooled = tmp_path / "body"
    spooled.write_bytes(HELLO * 1000)

    async def scenario(recorder: Recorder) -> Stored | Refused:
        client = Client(recorder)
        client.envelope()
        assert client.transaction
        spooled_body = events.Body(len(HELLO) * 1000, "0" * 64, True, path=spooled)
        arrival = events.Arrival(client.session, client.transaction, 99, spooled_body)
        with others_at_work():  # mail does not wait for them
            async with asyncio.timeout(120):
                return await recorder.store(arrival)

    [stored] = play(scenario)
    assert isinstance(stored, Stored)
    raw = Raw.objects.get()
    assert raw.key
    assert raw.content is None
    assert body_store.read(raw) == HELLO * 1000
    assert body_store.read_start(raw, 20) == HELLO[:20]
    assert not spooled.exists()
    assert Message.objects.get().subject == "Hello"
    body_store.discard([raw.key])


def test_a_client_that_cannot_be_answered_does_not_keep_others_from_their_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(outcome: Stored | Refused) -> None:
        raise RuntimeError("gone")

    async def scenario(recorder: Recorder) -> Stored | Refused:
        answer: asyncio.Future[Stored | Refused] = asyncio.Future()
        for done in (fails, answer.set_result):
            client = Client(recorder)
            client.envelope()
            assert client.transaction
            arrival = events.Arrival(
                client.session, client.transaction, 99, body(HELLO)
            )
            assert recorder.store_now(arrival, done)
            assert not answer.done(), "not before it is committed"
            client.close()
        async with asyncio.timeout(120):
            return await answer

    [stored] = play(scenario)
    assert isinstance(stored, Stored)
    assert Message.objects.count() == 2
    assert "could not be answered" in caplog.text


def test_one_bad_row_does_not_fail_its_neighbours() -> None:
    async def bad(recorder: Recorder) -> Stored | Refused:
        client = Client(recorder)
        client.envelope("MAIL FROM:<\ud800>")  # no database stores a lone surrogate
        return await client.send()

    answers = play(one_message, one_message, bad, one_message, one_message)

    assert [isinstance(each, Stored) for each in answers] == [
        True,
        True,
        False,
        True,
        True,
    ]
    assert answers[2].reply.code == 451
    assert Message.objects.count() == 4
    assert Session.objects.filter(ending="quit").count() == 4


@pytest.mark.database
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no such limit")
def test_rows_beyond_a_limit_of_postgresql_are_no_outage() -> None:
    """psycopg has one error for both; tried again for ever, the row stopped all mail."""

    async def beyond(recorder: Recorder) -> Stored | Refused:
        client = Client(recorder)
        noise = Random(1).randbytes(4000).hex()  # which takes as much room compressed
        client.envelope(f"MAIL FROM:<{noise}@b.test>")
        return await client.send()

    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX narrow ON inbox_exchange (line)")
    try:
        answers = play(one_message, beyond, one_message)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX narrow")
    assert [isinstance(each, Stored) for each in answers] == [True, False, True]
    assert answers[1].reply.code == 451
    assert Message.objects.count() == 2


def test_a_database_that_fails_refuses_messages_and_tries_the_transcript_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execute = batch.Writer.execute
    failures = iter([True, True])

    def failing(self: batch.Writer, statements: list[batch.Statement]) -> None:
        # A commit of lines alone, before the message came, would use one up.
        has_message = any("inbox_message" in sql for sql, _ in statements)
        if has_message and next(failures, False):
            raise OperationalError("the disk is gone") from OSError(5, "I/O error")
        execute(self, statements)

    monkeypatch.setattr(batch.Writer, "execute", failing)

    async def scenario(recorder: Recorder) -> list[Stored | Refused]:
        client = Client(recorder)
        answers = []
        for _ in range(3):
            client.envelope()
            answers.append(await client.send())
            troubles.append(recorder.trouble())
        client.close()
        return answers

    troubles: list[str] = []
    [answers] = play(scenario)
    assert troubles[0] == "nothing can be written: the disk is gone"
    assert troubles[-1] == ""
    *refused, stored = answers
    assert isinstance(stored, Stored)
    assert [each.reply.code for each in refused] == [451, 451]
    assert Message.objects.count() == 1
    outcomes = Transaction.objects.order_by("seq").values_list("outcome", "code")
    assert list(outcomes) == [*[("rejected", 451)] * len(refused), ("accepted", 250)]
    session = Session.objects.get()
    assert session.messages == 1
    assert Exchange.objects.count() == session.exchanges == session.exchange_set.count()


def test_a_full_disk_is_452(monkeypatch: pytest.MonkeyPatch) -> None:
    execute = batch.Writer.execute
    failures = iter([True])

    def failing(self: batch.Writer, statements: list[batch.Statement]) -> None:
        if any("inbox_message" in sql for sql, _ in statements) and next(
            failures, False
        ):
            raise OperationalError("full") from OSError(28, "No space left on device")
        execute(self, statements)

    monkeypatch.setattr(batch.Writer, "execute", failing)
    [refused] = play(one_message)
    assert refused.reply.code == 452
    assert refused.reply.enhanced == "4.3.1"


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        ("NOOP", Limits(rows=50, patience=0.0)),
        ("NOOP " + "x" * 1000, Limits(octets=50_000, patience=0.0)),
    ],
    ids=["many rows", "long lines"],
)
def test_a_full_queue_stops_readers_and_then_new_sessions(
    line: str, limits: Limits
) -> None:
    async def scenario(recorder: Recorder) -> None:
        held, release = threading.Event(), threading.Event()
        holder = asyncio.create_task(asyncio.to_thread(_hold_the_turn, held, release))
        await asyncio.to_thread(held.wait, 120)
        client = Client(recorder)
        pending = recorder._sessions.pending
        await asyncio.to_thread(
            _wait_for, lambda: recorder._sessions.pending is not pending
        )
        # The writer has taken these lines and waits for its turn: what follows stays.
        pending = recorder._sessions.pending
        while len(pending) <= limits.rows and pending.octets <= limits.octets:
            client.exchange("command", "NOOP", line, 250)
            assert len(pending) < 1000, "never full"
        await asyncio.to_thread(_wait_for, lambda: recorder.congested)
        reader = asyncio.create_task(recorder.room())
        await asyncio.sleep(0)
        assert not reader.done()
        release.set()
        await asyncio.wait_for(reader, 120)
        await holder
        assert not recorder.congested
        client.close()

    play(scenario, limits=limits)
    session = Session.objects.get()
    assert session.exchange_set.count() == session.exchanges >= 50


def _hold_the_turn(held: threading.Event, release: threading.Event) -> None:
    from django.db import connection

    with write_turn():
        held.set()
        release.wait(120)
    connection.close()


def test_the_feed_is_told_what_was_committed() -> None:
    feed = Heard()
    play(one_message, feed=feed)
    assert [r.subject for c in feed.changes for r in c.messages_created] == ["Hello"]
    assert sum(len(c.sessions_opened) for c in feed.changes) == 1
    assert sum(len(c.sessions_closed) for c in feed.changes) == 1
    created = {row.seq for c in feed.changes for row in c.exchanges_created}
    assert created == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("row", "model"),
    [
        (rows.SessionRow, Session),
        (rows.ExchangeRow, Exchange),
        (rows.TransactionRow, Transaction),
        (rows.RecipientRow, Recipient),
        (rows.RawRow, Raw),
        (rows.MessageRow, Message),
    ],
)
def test_rows_have_the_columns_of_their_models(row: type, model: type) -> None:
    columns = {field.attname for field in model._meta.concrete_fields if field.column}
    slots = {field.name for field in fields(row)}
    slots |= {name for name, value in vars(row).items() if isinstance(value, property)}
    assert slots - {"transaction"} == columns
