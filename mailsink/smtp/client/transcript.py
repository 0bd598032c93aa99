"""Records an outward session: our lines and the server's replies, in the engine's events."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from uuid import UUID

from mailsink.smtp.client.reply_reader import PeerReply
from mailsink.smtp.protocol.events import (
    Event,
    ExchangeKind,
    ExchangeOpened,
    ExchangeReplied,
    SessionUpdated,
)


class Transcript:
    """Emits events of direction "out"; times are microseconds since the session opened.

    It emits no transaction events: those are for incoming mail. The queue of releases
    keeps the results of outgoing mail.
    """

    __slots__ = (
        "_emit", "_messages", "_next_seq", "_opened", "_turned", "clock", "session",
    )  # fmt: skip

    def __init__(
        self,
        session: UUID,
        emit: Callable[[Event], None],
        clock: Callable[[], int],
        next_seq: Callable[[], int] | None = None,
        turned: bool = False,
    ) -> None:
        """Prepare a transcript.

        next_seq: numbers the exchanges; the default counts from 1
        turned: this continues the session of a client, whose facts stay
        """
        self.session = session
        self.clock = clock
        self._emit = emit
        self._next_seq = next_seq or count(1).__next__
        self._turned = turned
        self._messages = 0
        self._opened: dict[int, ExchangeOpened] = {}

    def sent(self, kind: ExchangeKind, verb: str, line: str, octets: int) -> int:
        """Record a line that we sent, its secrets masked; return its seq."""
        seq = self._next_seq()
        opened = ExchangeOpened(
            self.session, seq, kind, verb, line, octets, self.clock(),
            None, (), "out",
        )  # fmt: skip
        self._opened[seq] = opened
        self._emit(opened)
        return seq

    def grew(self, seq: int, octets: int, line: str | None = None) -> None:
        """Record how many octets of a body were sent so far, or another line."""
        opened = self._opened[seq]
        text = opened.line if line is None else line
        self._emit(opened._replace(octets=octets, line=text, received_us=self.clock()))

    def heard(self, seq: int, reply: PeerReply) -> None:
        """Record the reply to a line that we sent."""
        self._opened.pop(seq, None)
        now = self.clock()
        self._emit(
            ExchangeReplied(
                self.session, seq, reply.code, reply.enhanced, reply.lines, now, now
            )
        )

    def notice(self, sentence: str) -> None:
        """Record a sentence about something that happened."""
        seq = self.sent("notice", "", sentence, 0)
        del self._opened[seq]

    def update(self, **facts: str | int) -> None:
        """Record facts of the session (see SessionUpdated)."""
        if not self._turned:
            self._emit(SessionUpdated(self.session, facts))

    def delivered(self) -> None:
        """Count a message that the server accepted."""
        self._messages += 1
        self.update(messages=self._messages)
