"""The recorder: writes the engine's events by group commit, on its own thread.

A 250 is sent only after the commit of its message. A message that cannot be written is
refused with 4yz; rows of the transcript wait, and are tried again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from inbox.capture.backlog import Backlog
from inbox.capture.batch import Batch, PendingMessage, Writer
from inbox.capture.open_sessions import Live, OpenSessions
from inbox.capture.rows import MessageRow, RawRow, SessionChanges, TransactionRow
from inbox.content.mail_templates import template_of
from inbox.models import Inbox, Message, Session
from inbox.storage import body_store, webhook_outbox
from inbox.storage.database_file import StoredFile
from inbox.storage.full_disk import is_full
from inbox.storage.threads import in_thread
from inbox.storage.write_lock import write_turn
from mailsink.ids import go_on_after, uuid7
from mailsink.mail_threads import in_mail_thread
from mailsink.mime import headers
from mailsink.ports import Answer, Refused, Stored
from mailsink.smtp.protocol import events, replies

log = logging.getLogger(__name__)

# Octets of a body that are read for the summary of its header.
_HEADER_OCTETS = 64 * 1024
# Seconds that rows wait for others to share their commit. A commit costs as much as a
# few messages. While no other client is sending, rows do not wait.
_PATIENCE = 0.004
# Seconds between a failed commit and the next try.
_RETRY_AFTER = 0.25

# The recorder counts as busy after this many messages in this many seconds.
_BUSY_MESSAGES = 4
_BUSY_FOR = 0.1
# The writer checks for due rows at least this often; seconds.
_OWED = 0.1

# The approximate size of a commit in rows: a message waits for at most as many lines of
# others.
_ROWS_AT_ONCE = 1000

_MOST_TAGS = 50  # of a message, as users can set them

_OUTAGES = (OperationalError, InterfaceError)
# Class of SQLSTATE that psycopg counts among operational errors
_PROGRAM_LIMIT = "54"


class Feed(Protocol):
    def committed(self, changes: SessionChanges) -> None:
        """Take the changes of a commit. Called on the event loop."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of what waits for a commit."""

    rows: int = 50_000
    octets: int = 256 * 1024 * 1024  # of bodies and lines in memory
    # seconds; if the queue is full for longer, new sessions are refused
    patience: float = 5.0


class Recorder:
    """Implements mailsink.ports.Recorder on the database."""

    def __init__(
        self,
        server: UUID,
        inbox: int,
        feed: Feed,
        limits: Limits | None = None,
        nudge: Callable[[int], None] = lambda _: None,
        key_of: Callable[[str], int | None] = lambda slug: None,
        is_one_of_several: bool = False,
    ) -> None:
        """inbox: the default one's key; key_of: maps a slug to an inbox's key, from memory.

        nudge: called after messages were stored, with the octets of the largest, unless
        the recorder is busy. is_one_of_several: other processes store messages, too
        """
        self._is_one_of_several = is_one_of_several
        self._sessions = OpenSessions(server, inbox, key_of)
        self._key_of = key_of
        self.tallies = self._sessions.tallies
        self._inbox = inbox
        self._feed = feed
        self._file = StoredFile()
        self._limits = limits or Limits()
        self._mutex = threading.Lock()  # guards the open sessions and their rows
        self._backlog = Backlog(_ROWS_AT_ONCE)
        self._wake = threading.Event()
        self._stopping = False
        self._room = asyncio.Event()
        self._full_since: float | None = None
        self._failing = ""  # the error of the last commit
        # When the latest messages were stored; monotonic seconds
        self._stored_at = deque([-math.inf] * _BUSY_MESSAGES, _BUSY_MESSAGES)
        self._nudge_indexer = nudge
        self._nudge: asyncio.TimerHandle | None = None
        self._storing: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Start the writer's thread. Call on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Write the waiting rows, and end the thread."""
        await asyncio.gather(*self._storing)
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join)

    # The engine's side, on the event loop

    def record(self, event: events.Event) -> None:
        """Take an event; it is committed soon after, in order."""
        if isinstance(event, events.TransactionEnded) and event.body is not None:
            self._store_refused(event, event.body)
        with self._mutex:
            self._sessions.record(event)
        self._wake_writer_soon()

    def store_now(self, arrival: events.Arrival, done: Answer) -> bool:
        """Take a message like `store`, if it only has to wait for its commit.

        Return whether the message was taken: not if its body is a file, or its inbox is
        not in memory. done: called on the event loop when the message is synced or
        refused
        """
        live, inbox = self._sessions.transaction(arrival), self._key(arrival.handling)
        if live is None or live.transaction is None:
            return False
        if arrival.body.path is not None or inbox is None:
            return False
        raw = _row_of(live.transaction, arrival.body)
        self._add(live, raw, arrival.body.content or b"", arrival, inbox, done)
        return True

    async def store(self, arrival: events.Arrival) -> Stored | Refused:
        """Commit a message with its envelope and transcript; return when it is synced."""
        live = self._sessions.transaction(arrival)
        if live is None or live.transaction is None:
            return Refused(replies.WRITE_ERROR)
        try:
            raw, start = await _raw_row(live.transaction, arrival.body)
        except OSError as error:
            refused = Refused(self._refusal(error))
            with self._mutex:
                self._sessions.end(live, "rejected", arrival.at_us, refused.reply.code)
            self._wake_writer()
            return refused
        inbox = await self._inbox_for(arrival.handling)
        done: asyncio.Future[Stored | Refused] = self._loop.create_future()

        def answer(outcome: Stored | Refused) -> None:
            if not done.done():  # the waiting task may be cancelled
                done.set_result(outcome)

        self._add(live, raw, start, arrival, inbox, answer)
        return await done

    def _add(
        self,
        live: Live,
        raw: RawRow,
        start: bytes,
        arrival: events.Arrival,
        inbox: int,
        done: Answer,
    ) -> None:
        """Let a message wait for its commit.

        start: the beginning of its body, with the header
        """
        message = self._message_row(raw.transaction, start, arrival, inbox)
        waiting = PendingMessage(live.session, raw, message, done)
        with self._mutex:
            self._sessions.add_message(live, waiting, arrival.at_us)
        # Clients in the middle of a message can share its commit.
        if self._sessions.midway:
            self._wake_writer_soon()
        else:
            self._wake_writer()

    async def room(self) -> None:
        """Return when more can be read: at once, unless the queue is full."""
        while self._is_full():
            self._room.clear()
            await self._room.wait()

    @property
    def congested(self) -> bool:
        """Whether the queue has been full for longer than the limits' patience."""
        if not self._is_full() or self._full_since is None:
            return False
        return time.monotonic() - self._full_since > self._limits.patience

    def trouble(self) -> str:
        """Return what keeps the recorder from its work, in words; "" if nothing does."""
        if self._failing:
            return f"nothing can be written: {self._failing}"
        return "more comes than can be written" if self.congested else ""

    @property
    def busy(self) -> bool:
        """Whether messages are pouring in, so that other work should wait."""
        return time.monotonic() - self._stored_at[0] < _BUSY_FOR

    def queue(self) -> tuple[int, int]:
        """Return the number of waiting rows, and the octets of their bodies and lines."""
        pending = self._sessions.pending
        rows = len(pending) + self._backlog.rows
        return rows, pending.octets + self._backlog.octets

    @property
    def open_sessions(self) -> int:
        """The number of open sessions."""
        return len(self._sessions.live)

    def _is_full(self) -> bool:
        limits, (rows, octets) = self._limits, self.queue()
        full = rows > limits.rows or octets > limits.octets
        if not full:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = time.monotonic()
        return full

    def _wake_writer_soon(self) -> None:
        if self._nudge is None:
            self._nudge = self._loop.call_later(_PATIENCE, self._wake_writer)

    def _wake_writer(self) -> None:
        if self._nudge is not None:
            self._nudge.cancel()
            self._nudge = None
        self._wake.set()

    def _store_refused(self, event: events.TransactionEnded, body: events.Body) -> None:
        """Store, in the background, the body of a transaction that was not accepted."""
        live = self._sessions.transaction(event)
        if live is None or live.transaction is None:
            return
        task = self._loop.create_task(self._add_raw(live.transaction, body))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _add_raw(self, transaction: TransactionRow, body: events.Body) -> None:
        try:
            raw, _ = await _raw_row(transaction, body)
        except OSError as error:
            log.error("A body that was not accepted could not be stored: %s", error)
            return
        with self._mutex:
            self._sessions.add_raw(raw)
        self._wake_writer()

    def _key(self, handling: events.Handling) -> int | None:
        """Return the key of a message's inbox, from memory; None if it is not in memory."""
        return self._key_of(handling.inbox) if handling.inbox else self._inbox

    async def _inbox_for(self, handling: events.Handling) -> int:
        """Return the key of a message's inbox, or the server's own if that inbox is gone."""
        if key := self._key(handling):
            return key
        rows = Inbox.objects.filter(slug=handling.inbox, deleted_at=None)
        return await in_thread(rows.values_list("pk", flat=True).first) or self._inbox

    def _message_row(
        self,
        transaction: TransactionRow,
        start: bytes,
        arrival: events.Arrival,
        inbox: int,
    ) -> MessageRow:
        summary = headers.summary(start)
        return MessageRow(
            id=transaction.id,  # replaced by the writer at the commit
            transaction=transaction,
            inbox_id=inbox,
            received_at=datetime.now(UTC),
            size=arrival.body.size,
            from_name=summary.from_name,
            from_address=summary.from_address,
            to=summary.to,
            cc=summary.cc,
            subject=summary.subject,
            message_id=summary.message_id,
            date=summary.date,
            template=template_of(summary.from_address, summary.subject),
            tags=list(arrival.handling.tags[:_MOST_TAGS]),
            pinned=arrival.handling.pinned,
        )

    # The writer's side, on its own thread and connection

    def _run(self) -> None:
        self._writer = Writer()
        with suppress(DatabaseError), connection.cursor() as cursor:
            # Opens all files of the database now, while descriptors are available.
            cursor.execute("SELECT 1 FROM inbox_session LIMIT 1")
        while True:
            self._wake.wait(_OWED if self._sessions.owes else None)
            self._wake.clear()
            self._write_next()
            if self._stopping:
                while self._write_next():
                    pass
                break
        connection.close()

    def _write_next(self) -> bool:
        """Write the next waiting rows. Return whether there were any."""
        with self._mutex:
            fresh = self._sessions.take(everything=self._stopping)
        if len(fresh):
            self._backlog.add(fresh)
        batch = self._backlog.take()
        if not len(batch):
            return False
        self._write(batch)
        if self._backlog.rows:
            self._wake.set()
        return True

    def _write(self, batch: Batch) -> None:
        """Commit a batch.

        A batch that fails because of its rows is split until the rest commits.
        """
        try:
            self._commit(batch)
        except Exception as error:
            if _is_outage(error):
                self._outage(batch, error)
                return
            parts = batch.by_session()
            if len(parts) == 1:
                self._expel(parts[0][0], batch, error)
                return
            for half in (parts[: len(parts) // 2], parts[len(parts) // 2 :]):
                part = Batch()
                for _, each in half:
                    part.put_before(each)
                self._write(part)

    def _commit(self, batch: Batch) -> None:
        now = datetime.now(UTC)
        if batch.messages and self._is_one_of_several:
            _go_on_after_stored()
        for waiting in batch.messages:
            waiting.message.id, waiting.message.received_at = uuid7(), now
        # Changes that open sessions make meanwhile are in the next batch, too.
        statements = self._writer.statements(batch)
        self._file.check()  # a new connection would make a new file
        began = time.monotonic()
        with write_turn(first=True):
            self._writer.execute(statements)
        self._file.check()  # before any 250: these rows must not be in a removed file
        self._failing = ""
        self.tallies.committed(time.monotonic() - began)
        self._loop.call_soon_threadsafe(self._committed, batch)

    def _outage(self, batch: Batch, error: Exception) -> None:
        """Refuse the messages if the database cannot write; retry other rows."""
        is_news, self._failing = self._failing != str(error), str(error)
        self.tallies.failed_commits += 1
        connection.close()
        refused = Refused(self._refusal(error))
        with self._mutex:
            messages = self._sessions.take_back(batch, refused)
        if not self._stopping:
            self._backlog.put_back(batch)
        self._loop.call_soon_threadsafe(self._refuse, messages, refused)
        if self._stopping:
            log.error("%d rows of transcript are lost: %s", len(batch), error)
            return
        if is_news:
            log.error("Could not write to the database, trying again: %s", error)
        time.sleep(_RETRY_AFTER)
        self._wake.set()

    def _expel(self, session: UUID, batch: Batch, error: Exception) -> None:
        """Refuse and forget one session whose rows cannot be written."""
        log.error("Session %s cannot be recorded: %s", session, error)
        refused = Refused(replies.WRITE_ERROR)
        with self._mutex:
            messages = self._sessions.take_back(batch, refused)
            messages += self._sessions.take_back(self._backlog.forget(session), refused)
            self._sessions.forget(session)
        self._loop.call_soon_threadsafe(self._refuse, messages, refused)
        try:
            with write_turn(first=True):
                Session.objects.filter(id=session, ending=None).update(
                    ending="error", closed_at=datetime.now(UTC)
                )
        except DatabaseError as failure:
            log.error("Session %s could not be closed: %s", session, failure)

    def _refusal(self, error: Exception) -> replies.Reply:
        """Return 452 if the disk is full, else 451 (RFC 5321 §4.2.3)."""
        if is_full(error):
            return replies.DISK_FULL
        return replies.WRITE_ERROR

    # Back on the event loop

    def _committed(self, batch: Batch) -> None:
        """Let the sessions of a commit's messages send 250, now that it is durable."""
        was_busy = self.busy
        if batch.messages:
            self.tallies.transactions["accepted"] += len(batch.messages)
        for waiting in batch.messages:
            self.tallies.octets += waiting.message.size
            self._stored_at.append(time.monotonic())
            self._answer(waiting, Stored(waiting.message.id))
        # Checked beforehand: the nudged thread sees that the recorder is busy now, and
        # checks again.
        if batch.messages and not was_busy:
            self._nudge_indexer(max(waiting.message.size for waiting in batch.messages))
        self._room.set()
        if webhook_outbox.wanted():
            webhook_outbox.announce()
        self._feed.committed(batch.changes())

    def _refuse(self, messages: list[PendingMessage], refused: Refused) -> None:
        for waiting in messages:
            self._answer(waiting, refused)
        self._room.set()

    def _answer(self, waiting: PendingMessage, outcome: Stored | Refused) -> None:
        try:
            waiting.done(outcome)
        except Exception:  # the other messages of the commit must be answered, too
            log.exception("Session %s could not be answered", waiting.session.id)


def _is_outage(error: Exception) -> bool:
    """Whether the database fails for all rows. Else these rows are at fault, for good.

    Rows beyond a limit of PostgreSQL are at fault, too, such as a too long index entry.
    """
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, _OUTAGES) and not state.startswith(_PROGRAM_LIMIT)


async def _raw_row(
    transaction: TransactionRow, body: events.Body
) -> tuple[RawRow, bytes]:
    """Return the body's row and its first octets. A spooled body is moved to its storage."""
    key, start = "", body.content or b""
    if body.path is not None:
        start = await in_mail_thread(_read_start, body.path)
        key = await body_store.store(body.path, transaction.id)
    return _row_of(transaction, body, key), start


def _row_of(transaction: TransactionRow, body: events.Body, key: str = "") -> RawRow:
    """Return the row of a body. key: of its stored file; "" if the body is in the row"""
    return RawRow(transaction, body.sha256, body.size, body.complete, body.content, key)


def _read_start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_OCTETS)


def _go_on_after_stored() -> None:
    """Make new ids follow those of other processes, so that "later than this message" holds.

    The clocks of those processes may be ahead of ours.
    """
    latest = Message.objects.order_by("-pk").values_list("pk", flat=True).first()
    if latest is not None:
        go_on_after(latest)
