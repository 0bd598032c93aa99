"""A client that says thousands of lines at once does not hold up another's message."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from inbox.capture import batch
from inbox.capture.recorder import Recorder
from inbox.capture.rows import SessionChanges
from inbox.models import Exchange, Message, Recipient, Session, Transaction
from inbox.storage.write_lock import write_turn
from mailsink.ports import Refused, Stored
from mailsink.smtp.protocol import events
from tests.recording import Client, Heard, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LINES = 5000


def chatter(client: Client) -> None:
    for _ in range(LINES):
        client.exchange("command", "NOOP", "NOOP", 250)


def transactions(client: Client) -> None:
    for _ in range(LINES // 4):
        client.envelope()
        client.end("reset", None)


class HeardAll(Heard):
    """A feed that tells when it has heard of all lines."""

    def __init__(self) -> None:
        super().__init__()
        self.complete = asyncio.Event()

    def committed(self, changes: SessionChanges) -> None:
        super().committed(changes)
        if sum(len(each.exchanges_created) for each in self.changes) > LINES:
            self.complete.set()


def _hold_the_turn(began: threading.Event, release: threading.Event) -> None:
    """Let the recorder write nothing until it is released."""
    with write_turn():
        began.set()
        release.wait(120)
    connection.close()


@pytest.mark.parametrize("flood", [chatter, transactions])
def test_a_message_goes_before_the_lines_of_others(
    flood: Callable[[Client], None],
) -> None:
    feed = Heard()

    async def scenario(recorder: Recorder) -> None:
        began, release = threading.Event(), threading.Event()
        held = asyncio.create_task(asyncio.to_thread(_hold_the_turn, began, release))
        await asyncio.to_thread(began.wait, 120)
        loud, quiet = Client(recorder), Client(recorder)
        flood(loud)
        quiet.envelope()
        stored = asyncio.create_task(quiet.send())
        await asyncio.sleep(0)
        release.set()
        assert isinstance(await stored, Stored)
        await held
        quiet.close()
        loud.close()

    play(scenario, feed=feed)
    place = next(n for n, each in enumerate(feed.changes) if each.messages_created)
    assert place <= 1  # one commit may have begun before the message came
    sizes = [
        len(each.exchanges_created) + len(each.exchanges_updated)
        for each in feed.changes
    ]
    assert max(sizes) <= 1000
    created = [
        (row.session_id, row.seq)
        for each in feed.changes
        for row in each.exchanges_created
    ]
    assert len(created) == len(set(created)) == Exchange.objects.count() > LINES * 3 / 4
    loud = Session.objects.order_by("-exchanges")[0]
    told = [seq for session, seq in created if session == loud.id]
    assert told == sorted(told)
    assert loud.exchange_set.count() == loud.exchanges
    assert loud.ending == "quit"
    assert set(Transaction.objects.values_list("outcome", flat=True)) <= {
        "accepted",
        "reset",
    }
    assert sum(len(each.transactions_not_accepted) for each in feed.changes) == (
        Transaction.objects.filter(outcome="reset").count()
    )
    # A session ends where it is told only after its lines.
    ends = next(
        index
        for index, each in enumerate(feed.changes)
        if loud.id in [row.id for row in each.sessions_closed]
    )
    assert not any(each.exchanges_created for each in feed.changes[ends + 1 :])


def test_a_loud_client_s_own_message_is_stored_with_its_envelope() -> None:
    async def scenario(recorder: Recorder) -> Stored | Refused:
        client = Client(recorder)
        chatter(client)
        client.envelope()
        stored = await client.send()
        client.close()
        return stored

    (stored,) = play(scenario)
    assert isinstance(stored, Stored)
    message = Message.objects.get()
    assert message.transaction.recipients_accepted == 1
    assert Recipient.objects.count() == 2
    assert message.transaction.session.exchange_set.count() == LINES + 6


@pytest.mark.parametrize("number", [994, 996, 998, 1000, 1003, 1100, 2500])
@pytest.mark.parametrize("loud", [False, True])
def test_a_message_with_more_recipients_than_a_commit_has_rows(
    number: int, loud: bool
) -> None:
    """The envelope and the message cannot be divided: they go out together."""

    async def scenario(recorder: Recorder) -> Stored | Refused:
        client = Client(recorder)
        if loud:
            chatter(Client(recorder))
        client.envelope()
        assert client.transaction
        for seq in range(3, number + 1):
            recorder.record(
                events.RecipientAnswered(
                    client.session,
                    client.transaction,
                    seq,
                    f"r{seq}@example.com",
                    "",
                    250,
                )
            )
        return await asyncio.wait_for(client.send(), 120)

    (stored,) = play(scenario)
    assert isinstance(stored, Stored)
    assert Recipient.objects.count() == number


def test_an_outage_loses_no_line_of_a_loud_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execute, tries = batch.Writer.execute, []

    def failing(self: batch.Writer, statements: list[batch.Statement]) -> None:
        tries.append(time.monotonic())
        if len(tries) in (2, 3):
            raise OperationalError("the disk is gone")
        execute(self, statements)

    monkeypatch.setattr(batch.Writer, "execute", failing)

    async def scenario(recorder: Recorder) -> None:
        client = Client(recorder)
        chatter(client)
        client.close()
        await asyncio.wait_for(feed.complete.wait(), 120)

    feed = HeardAll()
    play(scenario, feed=feed)
    session = Session.objects.get()
    assert session.exchange_set.count() == session.exchanges == LINES + 1
    seqs = session.exchange_set.order_by("seq").values_list("seq", flat=True)
    assert list(seqs) == list(range(1, LINES + 2))
    assert session.exchange_set.exclude(code=None).count() == LINES + 1


def test_a_commit_has_fewer_lines_where_they_are_long() -> None:
    feed = Heard()

    async def scenario(recorder: Recorder) -> None:
        began, release = threading.Event(), threading.Event()
        held = asyncio.create_task(asyncio.to_thread(_hold_the_turn, began, release))
        await asyncio.to_thread(began.wait, 120)
        client = Client(recorder)
        for _ in range(800):
            client.exchange("command", "", "x" * 12_000, 500)
        release.set()
        await held
        client.close()

    play(scenario, feed=feed)
    sizes = [len(each.exchanges_created) for each in feed.changes]
    assert sum(sizes) >= 800
    assert max(sizes) < 350, sizes
