"""Open sessions: turns events into rows, which wait in the pending batch for a commit.

Not thread-safe: the recorder guards it with its mutex.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from inbox.capture.batch import Batch, PendingMessage
from inbox.capture.rows import (
    ExchangeRow,
    RawRow,
    RecipientRow,
    SessionRow,
    TransactionRow,
)
from inbox.capture.tallies import Tallies
from mailsink.ports import Refused
from mailsink.smtp.protocol import events

# Seconds between two writes of a session's row, and of its open transaction's, at
# least. The end of a transaction or session is written at once.
_REST = 0.1


@dataclass(slots=True)
class Live:
    """An open session, and its rows that may still change."""

    session: SessionRow
    exchanges: dict[int, ExchangeRow] = field(default_factory=dict)
    transaction: TransactionRow | None = None
    recipients: list[RecipientRow] = field(default_factory=list)  # not yet pending
    to_answer: list[RecipientRow] = field(default_factory=list)  # LMTP: one by one
    begun: bool = False  # whether the transaction's row was ever pending
    due: float = 0.0  # when the session's row may be pending again; monotonic seconds


class OpenSessions:
    """All uncommitted rows, and the open sessions."""

    def __init__(
        self,
        server: UUID,
        inbox: int,
        key_of: Callable[[str], int | None] = lambda slug: None,
    ) -> None:
        """inbox: the default one's key

        key_of: maps a slug to an inbox's key, None: it is gone
        """
        self.pending = Batch()
        self.live: dict[UUID, Live] = {}
        self.midway = 0  # live sessions with an open transaction
        self.tallies = Tallies()
        self._later: dict[UUID, Live] = {}  # in the order of their due times
        self._server = server
        self._inbox = inbox
        self._key_of = key_of
        self._handlers: dict[type, Callable[[Live, Any], None]] = {
            events.SessionUpdated: self._session_updated,
            events.SessionClosed: self._session_closed,
            events.ExchangeOpened: self._exchange_opened,
            events.ExchangeReplied: self._exchange_replied,
            events.TransactionStarted: self._transaction_started,
            events.RecipientAnswered: self._recipient_answered,
            events.DeliveryAnswered: self._delivery_answered,
            events.TransactionEnded: self._transaction_ended,
        }

    def record(self, event: events.Event) -> None:
        """Turn an event into rows. Events of a session that is not open are ignored."""
        if isinstance(event, events.SessionOpened):
            self._session_opened(event)
        elif live := self.live.get(event.session):
            self._handlers[type(event)](live, event)

    def take(self, everything: bool = False) -> Batch:
        """Return the pending batch with the due rows, or all rows; begin a new batch."""
        now = time.monotonic()
        while self._later:
            live = next(iter(self._later.values()))
            if live.due > now and not everything:
                break
            self._settle(live, now)
        batch, self.pending = self.pending, Batch()
        return batch

    @property
    def owes(self) -> bool:
        """Whether rows wait for a later batch."""
        return bool(self._later)

    def transaction(
        self, event: events.Arrival | events.TransactionEnded
    ) -> Live | None:
        """Return the open session with the event's transaction, if that is open, too."""
        live = self.live.get(event.session)
        if live is None or live.transaction is None:
            return None
        return live if live.transaction.id == event.transaction else None

    def add_message(self, live: Live, waiting: PendingMessage, at_us: int) -> None:
        """Record a message as if it were committed; take_back undoes that after a failure."""
        waiting.session.messages += 1
        _put_into(live, waiting.message.inbox_id)
        self._finish(live, "accepted", at_us, 250)
        self._change(live)
        self.pending.messages.append(waiting)
        self.pending.octets += len(waiting.raw.content or b"")

    def take_back(self, batch: Batch, refused: Refused) -> list[PendingMessage]:
        """Turn the batch's messages into refused transactions; return these."""
        messages, batch.messages = batch.messages, []
        batch.octets -= sum(len(waiting.raw.content or b"") for waiting in messages)
        self.tallies.transactions["rejected"] += len(messages)
        for waiting in messages:
            transaction = waiting.message.transaction
            transaction.outcome, transaction.code = "rejected", refused.reply.code
            waiting.session.messages -= 1
            batch.transactions.change(transaction)
            batch.sessions.change(waiting.session)
            batch.ended.append(transaction)
        return messages

    def end(
        self, live: Live, outcome: str, at_us: int, code: int | None = None
    ) -> TransactionRow | None:
        """End a session's open transaction, whose message was not stored."""
        if (
            code is None
            and live.transaction
            and not live.transaction.recipients_accepted
        ):
            code = live.transaction.code  # it ended because RCPT was refused
        transaction = self._finish(live, outcome, at_us, code)
        if transaction is not None:
            self.tallies.transactions[outcome] += 1
            if outcome != "discarded":
                self.pending.ended.append(transaction)
        return transaction

    def _finish(
        self, live: Live, outcome: str, at_us: int, code: int | None
    ) -> TransactionRow | None:
        transaction, live.transaction = live.transaction, None
        if transaction is not None:
            self.midway -= 1
            transaction.outcome, transaction.code = outcome, code
            transaction.ended_us = at_us
            self._write_transaction(live, transaction)
            live.begun = False
        return transaction

    def _write_transaction(self, live: Live, transaction: TransactionRow) -> None:
        if live.begun:
            self.pending.transactions.change(transaction)
        else:
            self.pending.transactions.add(transaction)
            live.begun = True
        for recipient in live.recipients:
            self.pending.recipients.add(recipient)
        live.recipients = []

    def _change(self, live: Live) -> None:
        """Write the session's row now if the last write was long enough ago, else later.

        Counters that change with each line would double the rows of a commit.
        """
        if live.session.id in self._later:
            return
        now = time.monotonic()
        if live.due <= now:
            self._settle(live, now)
        else:
            self._later[live.session.id] = live

    def _settle(self, live: Live, now: float) -> None:
        """Write the delayed rows of a session: its own, and its open transaction's."""
        self._later.pop(live.session.id, None)
        live.due = now + _REST
        self.pending.sessions.change(live.session)
        if live.transaction is not None:
            self._write_transaction(live, live.transaction)

    def forget(self, session: UUID) -> None:
        """Forget a session: no more events of it are recorded."""
        live = self.live.pop(session, None)
        self._later.pop(session, None)
        if live is not None and live.transaction is not None:
            self.midway -= 1

    def add_raw(self, raw: RawRow) -> None:
        """Add the body of a transaction that was not accepted."""
        self.pending.raws.append(raw)
        self.pending.octets += len(raw.content or b"")

    def _session_opened(self, event: events.SessionOpened) -> None:
        row = SessionRow(
            id=event.session,
            server_id=self._server,
            inbox_id=self._inbox,
            direction=event.direction,
            listener=event.listener,
            client_address=event.client_address,
            client_port=event.client_port,
            protocol=event.protocol,
            opened_at=datetime.fromtimestamp(event.opened_at, UTC),
            listener_kind=event.listener_kind,
        )
        self.live[row.id] = Live(row, due=time.monotonic() + _REST)
        self.pending.sessions.add(row)

    def _session_updated(self, live: Live, event: events.SessionUpdated) -> None:
        for name, value in event.changes.items():
            if name != "inbox":
                setattr(live.session, name, value)
            elif not live.session.transactions:
                live.session.inbox_id = self._key(str(value))
        self._settle(live, time.monotonic())

    def _session_closed(self, live: Live, event: events.SessionClosed) -> None:
        row = live.session
        row.closed_at = row.opened_at + timedelta(microseconds=event.at_us)
        row.ending = event.ending
        self._settle(live, time.monotonic())
        self.pending.closed.append(row)
        self.tallies.sessions[row.direction, row.listener_kind, event.ending] += 1
        self.forget(row.id)

    def _exchange_opened(self, live: Live, event: events.ExchangeOpened) -> None:
        session, row = live.session, live.exchanges.get(event.seq)
        if row is not None:
            session.octets += event.octets - row.octets
            row.line, row.octets = event.line, event.octets
            row.received_us, row.flags = event.received_us, " ".join(event.flags)
            row.rule = event.rule
            self.pending.exchanges.change(row)
            return
        row = ExchangeRow(
            session_id=event.session,
            seq=event.seq,
            kind=event.kind,
            verb=event.verb,
            line=event.line,
            octets=event.octets,
            received_us=event.received_us,
            transaction_id=event.transaction,
            direction=event.direction,
            flags=" ".join(event.flags),
        )
        live.exchanges[event.seq] = row
        self.pending.exchanges.add(row)
        self.pending.octets += len(event.line)
        session.exchanges += 1
        session.octets += event.octets
        if event.verb and event.direction == session.direction:
            # with reversed roles, the client's verb stays the last one
            session.last_verb = event.verb
        self._change(live)

    def _exchange_replied(self, live: Live, event: events.ExchangeReplied) -> None:
        row = live.exchanges.pop(event.seq, None)
        if row is None:
            return
        what = row.verb or row.kind
        self.tallies.replies[row.direction, what, event.code] += 1
        row.code, row.enhanced = event.code, event.enhanced
        row.reply = "\n".join(event.reply)
        row.ready_us, row.replied_us = event.ready_us, event.replied_us
        row.delayed_us, row.rule = event.delayed_us, event.rule
        if event.flags:
            row.flags = " ".join((row.flags, *event.flags)).strip()
        self.pending.exchanges.change(row)
        session = live.session
        if event.code >= 400:
            session.refused += 1
        # A 3yz reply is intermediate, neither good nor bad (RFC 5321 §4.2.1).
        if event.code // 100 != 3 and event.code > (session.worst_code or 0):
            session.worst_code = event.code
        self._change(live)

    def _transaction_started(
        self, live: Live, event: events.TransactionStarted
    ) -> None:
        live.transaction = TransactionRow(
            id=event.transaction,
            session_id=event.session,
            inbox_id=self._key(event.inbox),
            seq=event.seq,
            reverse_path=event.reverse_path,
            parameters=event.parameters,
            started_us=event.at_us,
        )
        self.midway += 1
        live.to_answer = []
        live.session.transactions += 1
        _put_session(live)
        # The line that began the transaction ended before the transaction was known.
        if live.exchanges:
            mail = live.exchanges[max(live.exchanges)]
            mail.transaction_id = event.transaction
            self.pending.exchanges.change(mail)
        self._change(live)

    def _recipient_answered(self, live: Live, event: events.RecipientAnswered) -> None:
        transaction = live.transaction
        if transaction is None or transaction.id != event.transaction:
            return
        row = RecipientRow(
            transaction, event.seq, event.forward_path, event.parameters, event.code
        )
        live.recipients.append(row)
        accepted = event.code < 300
        if event.inbox and (accepted or not transaction.recipients_accepted):
            self._put_transaction(live, transaction, event.inbox)
        if not transaction.first_recipient or (
            accepted and not transaction.recipients_accepted
        ):
            transaction.first_recipient = event.forward_path
        if accepted:
            transaction.recipients_accepted += 1
            if live.session.protocol.startswith("LMTP"):
                live.to_answer.append(row)
        else:
            transaction.recipients_refused += 1
            transaction.code = event.code
        self._change(live)

    def _delivery_answered(self, live: Live, event: events.DeliveryAnswered) -> None:
        """Record the reply for a recipient, whose transaction has already ended."""
        for row, code in zip(live.to_answer, event.codes, strict=False):
            if row.transaction_id == event.transaction:
                row.final_code = code
                self.pending.recipients.change(row)

    def _transaction_ended(self, live: Live, event: events.TransactionEnded) -> None:
        if self.transaction(event):
            if event.inbox and live.transaction is not None:
                self._put_transaction(live, live.transaction, event.inbox)
            self.end(live, event.outcome, event.at_us, event.code)

    def _put_transaction(
        self, live: Live, transaction: TransactionRow, inbox: str
    ) -> None:
        """Put an open transaction, and its session, into the inbox with this slug."""
        transaction.inbox_id = self._key(inbox)
        _put_session(live)

    def _key(self, inbox: str) -> int:
        """Return an inbox's key; the default inbox's if it is gone or no slug is given."""
        return (self._key_of(inbox) or self._inbox) if inbox else self._inbox


def _put_into(live: Live, inbox: int) -> None:
    """Put a message's transaction, and its session, into the message's inbox."""
    if live.transaction is not None:
        live.transaction.inbox_id = inbox
        _put_session(live)


def _put_session(live: Live) -> None:
    """Put a session into its transaction's inbox, or into none if it had another's."""
    session, transaction = live.session, live.transaction
    assert transaction is not None  # the transaction is open
    if session.transactions <= 1:
        session.inbox_id = transaction.inbox_id
    elif session.inbox_id != transaction.inbox_id:
        session.inbox_id = None
