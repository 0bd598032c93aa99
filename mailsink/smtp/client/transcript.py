"""Records an outward session: our lines and the server's replies, in the engine's events."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from mailsink.ids import uuid7
from mailsink.smtp.client.outgoing import OutgoingMail, OutgoingRecipient
from mailsink.smtp.client.reply_reader import PeerReply
from mailsink.smtp.protocol.events import (
    Event,
    ExchangeKind,
    ExchangeOpened,
    ExchangeReplied,
    Outcome,
    RecipientAnswered,
    SessionUpdated,
    TransactionEnded,
    TransactionStarted,
)


class Transcript:
    """Emits events with direction out; times are microseconds since the session opened."""

    __slots__ = ("_emit", "_opened", "_recipients", "_seq", "_transactions", "clock",
                 "session", "transaction")  # fmt: skip

    def __init__(
        self,
        session: UUID,
        emit: Callable[[Event], None],
        clock: Callable[[], int],
        exchanges: int = 0,
        transactions: int = 0,
    ) -> None:
        """exchanges, transactions: how many the session has already, where it was turned."""
        self.session = session
        self.clock = clock
        self.transaction: UUID | None = None
        self._emit = emit
        self._seq = exchanges - 1
        self._transactions = transactions
        self._recipients = 0
        self._opened: dict[int, ExchangeOpened] = {}

    def sent(self, kind: ExchangeKind, verb: str, line: str, octets: int) -> int:
        """Record a line of ours, secrets masked; return its seq."""
        self._seq += 1
        opened = ExchangeOpened(
            self.session, self._seq, kind, verb, line, octets, self.clock(),
            self.transaction, (), "out",
        )  # fmt: skip
        self._opened[self._seq] = opened
        self._emit(opened)
        return self._seq

    def grew(self, seq: int, octets: int, line: str | None = None) -> None:
        """Record how many octets of a body were sent so far, or another line."""
        opened = self._opened[seq]
        text = opened.line if line is None else line
        self._emit(opened._replace(octets=octets, line=text, received_us=self.clock()))

    def heard(self, seq: int, reply: PeerReply) -> None:
        """Record the reply to a line of ours."""
        self._opened.pop(seq, None)
        now = self.clock()
        self._emit(
            ExchangeReplied(
                self.session, seq, reply.code, reply.enhanced, reply.lines, now, now
            )
        )

    def notice(self, sentence: str) -> None:
        """Record what happened, in a sentence."""
        seq = self.sent("notice", "", sentence, 0)
        del self._opened[seq]

    def update(self, **facts: str | int) -> None:
        """Record facts of the session (see SessionUpdated)."""
        self._emit(SessionUpdated(self.session, facts))

    def begin_transaction(self, mail: OutgoingMail, parameters: str) -> None:
        """Record MAIL, whose line was the last."""
        self.transaction = uuid7()
        self._transactions += 1
        self._recipients = 0
        self._emit(
            TransactionStarted(
                self.session, self.transaction, self._transactions,
                mail.reverse_path, parameters, self.clock(),
            )
        )  # fmt: skip

    def recipient(
        self, recipient: OutgoingRecipient, parameters: str, code: int
    ) -> None:
        """Record the reply to a RCPT."""
        assert self.transaction is not None
        self._recipients += 1
        self._emit(
            RecipientAnswered(
                self.session, self.transaction, self._recipients,
                recipient.forward_path, parameters, code,
            )
        )  # fmt: skip

    def end_transaction(self, outcome: Outcome, code: int | None) -> None:
        """Record the end of the open transaction, if one is open."""
        if self.transaction is None:
            return
        self._emit(
            TransactionEnded(
                self.session, self.transaction, outcome, self.clock(), code
            )
        )
        self.transaction = None
