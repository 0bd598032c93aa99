"""One SMTP session: the facts about it, and the system calls of the steps that hold it.

Sans-I/O: steps are generators, which yield effects (`effects.py`) to the machine.
Every wait passes `wait_until`, every line in passes `begin_exchange`, and every reply
out passes `send_reply_now` or `shaped_replies.send_reply`, and the reply writer.
"""

from __future__ import annotations

from dataclasses import replace

from mailsink.ports import Decision
from mailsink.smtp.body.spool import Spool
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import (
    Body,
    Ending,
    ExchangeKind,
    ExchangeOpened,
    Outcome,
    SessionUpdated,
    TransactionEnded,
)
from mailsink.smtp.protocol.input_buffer import InputBuffer, Line
from mailsink.smtp.protocol.other_protocols import (
    LONGEST_LOOK,
    TLS_HANDSHAKE,
    talks_first,
)
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session import pipelining
from mailsink.smtp.session.effects import (
    NEED_INPUT,
    YIELD,
    Effect,
    RunInThread,
    SessionEnded,
    Steps,
)
from mailsink.smtp.session.exchange import Exchange
from mailsink.smtp.session.host import Host, Peer
from mailsink.smtp.session.reply_writer import ReplyWriter
from mailsink.smtp.session.transaction import Transaction
from mailsink.smtp.tls.layer import TlsLayer
from mailsink.smtp.tls.starttls_denylist import Client

# Lines of a session before it gives way: to the others, and to a recorder that is full.
_LINES_AT_ONCE = 50
_OCTETS_AT_ONCE = 8 * 1024  # of those lines: a long one may cost as much as all others
_LINES_IN_A_CROWD = 5  # of those that are there at once: a client in step sends fewer
# Lines that are still read of a client that is gone: a mail that it sent in one go is kept.
_LINES_AFTER_LOSS = 100
NEVER = 1 << 62  # microseconds
SECOND = 1_000_000
_TLS_ON_PLAIN = (
    "The client began TLS on a port that speaks plain SMTP; in nodemailer set "
    "secure: false, in other clients turn SSL/TLS (SMTPS) off for this port."
)


class Session:
    """The session of one connection, from its first octet to its last.

    Times are microseconds since it opened.
    """

    __slots__ = (
        "_burst", "_idle_us", "_line_octets", "_lines", "_lines_after_loss", "_listeners_profile", "_next_flags", "_seq", "chunk_line", "command_count", "draining",
        "emit", "ending", "eof", "errors_in_a_row", "exchange", "expects_secret", "extended", "gave_way_after", "helo", "host",
        "id", "input", "lost", "now_us", "offered", "origin", "output_blocked", "peer", "profile", "refusal", "resets", "session_us",
        "stop_now", "tls", "transaction", "transaction_count", "transcript_octets", "turned", "user", "wake_at", "without_starttls", "writer",
    )  # fmt: skip

    def __init__(self, profile: Profile, peer: Peer, host: Host) -> None:
        self.id = peer.session
        self.profile = self._listeners_profile = profile
        self.peer = peer
        self.host = host
        self.emit = host.record
        self.now_us = host.clock
        self.input = InputBuffer(profile.max_line)
        self.writer = ReplyWriter(profile, peer.session, host)
        # The connection
        self.eof = False  # the client will send no more
        self.lost = False  # the connection is gone
        self.output_blocked = False  # the client does not read its replies
        self.draining = False  # Mailsink stops: no new transaction
        self.gave_way_after = (
            0  # seconds of silence; another client was given its place
        )
        self.stop_now = False  # the session must end at once
        self.resets = False  # the connection ends by RST
        self.wake_at = NEVER  # when to step although nothing came
        self.ending: Ending = "error"  # once it has ended
        self.turned = False  # the roles are reversed: the client receives
        # The client
        self.origin = peer.client_address  # or what a trusted load balancer announced
        self.refusal: Reply | None = None  # at the connect
        self.helo = ""
        self.extended = False  # by EHLO or LHLO
        self.offered: frozenset[str] = frozenset()  # by the last reply to EHLO
        self.user: str | None = None
        self.tls: TlsLayer | None = None
        # Set where STARTTLS is withheld, to the client by the name of its first EHLO
        self.without_starttls: Client | None = None
        self.expects_secret = False  # lines that are no command may hold one
        self.errors_in_a_row = 0
        self.command_count = 0  # lines, those of an AUTH dialogue too
        self.transcript_octets = 0  # of lines, as they are recorded
        # What goes on
        self.exchange = Exchange(0, "connect", "")
        self.transaction: Transaction | None = None
        self.transaction_count = 0
        # The line of BDAT as it was recorded, with its flags, and when it came
        self.chunk_line: tuple[str, tuple[str, ...], int] = ("", (), 0)
        self._idle_us = int(profile.idle_timeout * SECOND) or NEVER
        self.session_us = int(profile.session_timeout * SECOND) or NEVER  # its end
        self._seq = 0
        self._lines = 0  # since it last gave way
        self._line_octets = 0  # of those lines
        self._burst = 0  # lines since it last gave way or waited for the client
        self._lines_after_loss = 0
        self._next_flags: tuple[str, ...] = ()

    # Facts

    @property
    def protocol(self) -> str:
        """The protocol that is spoken, by its registered name if it has one (RFC 3848)."""
        name = "SMTP" if self.tls is None else "SMTPS"
        if self.profile.protocol == "lmtp":
            name = f"L{name[1:]}"
        elif self.extended:
            name = f"E{name}"
        else:
            return name  # after HELO there is no name for AUTH
        return name if self.user is None else f"{name}A"

    def unix_time(self) -> float:
        """Return the time of day, in seconds since 1970."""
        return self.peer.opened_at + self.now_us() / SECOND

    def hello_missing(self) -> Reply:
        """The refusal of what takes EHLO first; STARTTLS undoes one (RFC 3207 §4.2)."""
        if self.tls is not None and not self.profile.implicit_tls:
            return replies.hello_again(self.profile.hello)
        return replies.out_of_order(self.profile.hello)

    def update(self, **changes: str | int) -> None:
        """Emit facts about the session."""
        self.emit(SessionUpdated(self.id, changes))

    def admit(self) -> None:
        """Count the session as one of this client; sets `refusal` if it is one too many."""
        self.refusal = self.host.admit(self.peer.client_address)

    def set_client(self, address: str, port: int) -> None:
        """Replace the client's address by one that was announced for it."""
        self.peer = replace(self.peer, client_address=address, client_port=port)
        self.update(client_address=address, client_port=port)

    def offer(self, decision: Decision | None) -> None:
        """Offer what a decision leaves of the listener's extensions, until the next EHLO.

        None: all that the listener offers.
        """
        profile = self._listeners_profile
        if decision is not None and (decision.without or decision.size):
            # Clients ask for sizes too: none may lift the listener's limit.
            limits = (decision.size, profile.max_message_size)
            self.profile = replace(
                profile,
                hidden=profile.hidden | decision.without,
                max_message_size=min(filter(None, limits), default=0),
            )
            self.writer.use(self.profile)
        elif self.profile is not profile:
            self.profile = profile
            self.writer.use(profile)

    def reset_client(self) -> None:
        """Return to the state after the greeting, as TLS does (RFC 3207 §4.2)."""
        self.helo, self.extended, self.offered = "", False, frozenset()
        self.user = None

    # Octets in

    def receive(self, octets: bytes) -> None:
        """Take octets from the wire."""
        if self.tls is not None:
            octets = self.tls.receive(octets)
            self.eof = self.eof or self.tls.ended
        self.input.append(octets, self.now_us())

    def begin_tls(self, layer: TlsLayer) -> None:
        """Take what came and what comes as TLS from now on."""
        self.tls = layer
        octets = self.input.peek(len(self.input))
        self.discard_input()
        self.receive(octets)

    def discard_input(self) -> None:
        """Drop the octets that came and were not used."""
        self.input.use(len(self.input))
        self._next_flags = ()

    def read_line(self) -> Steps[Line]:
        """Return the next line; raises SessionEnded."""
        until = 0
        while True:
            if self.input.startswith(TLS_HANDSHAKE) and self.tls is None:
                self._refuse_tls()
            if self.draining and (self.transaction is None or self.transaction.failed):
                raise stopping()
            if not self.output_blocked and (line := self.input.line()) is not None:
                break
            until = until or self.deadline()
            self._burst = 0
            yield self.wait_until(until)
        self._check_amount()
        if self.lost:
            self._check_loss()
        self._lines += 1
        self._line_octets += line.octets
        self._burst += 1
        in_a_crowd = self._burst > _LINES_IN_A_CROWD and self.host.crowded()
        much = self._lines > _LINES_AT_ONCE or self._line_octets > _OCTETS_AT_ONCE
        if in_a_crowd or much:
            self._lines = self._line_octets = self._burst = 0
            yield YIELD
            self.check_time()
        return line

    def _refuse_tls(self) -> None:
        """End the session: its client began TLS on a plain port. Raises SessionEnded."""
        octets = len(self.input)
        received_us = self.input.use(octets)
        flags = ("tls_on_plain",)
        self.begin_exchange("tls", "", _TLS_ON_PLAIN, octets, received_us, flags)
        self.send_reply_now(replies.TLS_ON_PLAIN)
        raise SessionEnded("refused")

    def _check_loss(self) -> None:
        """Count a line of a client that is gone; raise SessionEnded after so many."""
        self._lines_after_loss += 1
        if self._lines_after_loss > _LINES_AFTER_LOSS:
            octets = len(self.input)
            self.discard_input()
            notice = (
                f"The connection was lost; {octets} octets before that were not read."
            )
            self.begin_exchange("notice", "", notice, octets, self.now_us())
            raise SessionEnded("dropped")

    def _check_amount(self) -> None:
        """Count a line, which is a row for the recorder.

        Raises SessionEnded where a session has sent, or been sent, more than is stored.
        """
        self.command_count += 1
        most = self.profile.max_commands
        if 0 < most < self.command_count:
            notice = f"The client sent more than {most} commands in this session."
            raise SessionEnded("refused", notice, replies.too_many_commands(most))
        most = self.profile.max_transcript
        if 0 < most < self.transcript_octets + self.writer.transcript_octets:
            notice = f"The transcript of this session has more than {most} octets."
            raise SessionEnded("refused", notice, replies.transcript_too_long(most))

    # Waits

    def deadline(self) -> int:
        """Return when a wait that begins now times out, in microseconds.

        By MAILSINK_SMTP_IDLE_TIMEOUT (RFC 5321 §4.5.3.2.7).
        """
        return self.now_us() + self._idle_us

    def wait_until(self, until: int, wake_at: int = NEVER) -> Effect:
        """Return the one wait for the client, at most until a time; raises SessionEnded.

        It ends when something came or changed, or at wake_at; in microseconds.
        """
        self.check_time()
        if self.eof and not self.output_blocked:
            raise SessionEnded("dropped")
        if self.now_us() >= until:
            raise self._idle()
        self.wake_at = min(until, self.session_us, wake_at)
        return NEED_INPUT

    def check_time(self) -> None:
        """Raise SessionEnded if the session may not go on: Mailsink stops, or time is up."""
        if self.stop_now:
            raise stopping()
        if self.gave_way_after:
            raise self._made_room()
        if self.now_us() >= self.session_us:
            seconds = self.profile.session_timeout
            notice = f"The session lasted longer than {seconds:g} seconds."
            raise SessionEnded("timeout", notice, replies.session_too_long(seconds))

    def _made_room(self) -> SessionEnded:
        seconds = self.gave_way_after
        notice = (
            f"The client was silent for {seconds} seconds, and all connections were in "
            "use: another client was given its place."
        )
        return SessionEnded("timeout", notice, replies.idle(seconds))

    def _idle(self) -> SessionEnded:
        idle = self.profile.idle_timeout
        # A partial line: further octets do not extend the time-out.
        if len(self.input) and not self.output_blocked:
            notice = f"The client did not end its line within {idle:g} seconds."
            return SessionEnded("timeout", notice, replies.line_not_ended(idle))
        notice = f"The client was silent for {idle:g} seconds."
        return SessionEnded("timeout", notice, replies.idle(idle))

    # Exchanges and replies

    def begin_exchange(
        self,
        kind: ExchangeKind,
        verb: str,
        line: str,
        octets: int,
        received_us: int,
        flags: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """Begin an exchange and emit it; return the flags that it has by now."""
        flags += self.next_exchange(kind, verb)
        self.transcript_octets += len(line.encode())
        self.emit_exchange(line, octets, received_us, flags)
        return flags

    def next_exchange(self, kind: ExchangeKind, verb: str = "") -> tuple[str, ...]:
        """Begin an exchange that is emitted later; return the flags that it has by now."""
        offered = "PIPELINING" in self.offered
        self.exchange = Exchange(self.next_seq(), kind, verb, offered)
        flags, self._next_flags = self._next_flags, ()
        return flags

    def next_seq(self) -> int:
        """Return the number of the next exchange, from 1 on."""
        self._seq += 1
        return self._seq

    def emit_exchange(
        self, line: str, octets: int, received_us: int, flags: tuple[str, ...] = ()
    ) -> None:
        """Emit the current exchange as it stands now."""
        exchange, transaction = self.exchange, self.transaction
        self.emit(
            ExchangeOpened(
                self.id,
                exchange.seq,
                exchange.kind,
                exchange.verb,
                line,
                octets,
                received_us,
                None if transaction is None else transaction.id,
                flags,
            )
        )

    def send_reply_now(self, reply: Reply, ready_us: int | None = None) -> None:
        """Send the reply at once; it is known since ready_us (default: now)."""
        exchange = self.exchange
        exchange.ready_us = self.now_us() if ready_us is None else ready_us
        if self.eof or len(self.input):
            self.note_what_came(exchange, reply)
        self.writer.queue(exchange, reply)
        if exchange.verb not in pipelining.MAY_WAIT:
            self.writer.flush()

    def note_what_came(self, exchange: Exchange, reply: Reply) -> None:
        """Flag what the client did before this reply."""
        if len(self.input):
            self._note_pipelining(exchange, reply)
        if self.eof and not self.lost:
            exchange.flags += ("half_close",)

    def _note_pipelining(self, exchange: Exchange, reply: Reply) -> None:
        """Flag what came before this reply was written (RFC 2920)."""
        if exchange.kind == "connect" and talks_first(self.input.peek(LONGEST_LOOK)):
            return  # it is recorded as what it is
        self._next_flags = pipelining.note(exchange, reply)

    # Bodies, and the end of a transaction whose message is not stored

    def close_body(self, spool: Spool, ended: bool) -> Steps[Body | None]:
        """Return the body, synced where it is in a file; None after a write error."""
        if spool.on_disk:
            yield RunInThread(spool.sync)
        return None if spool.error is not None else spool.body(ended)

    def end_transaction(
        self, outcome: Outcome, code: int | None = None, body: Body | None = None
    ) -> None:
        """Close the open transaction and emit its end, with the body that came.

        code: of the reply that ended it. A transaction that had failed ends silently.
        """
        transaction, self.transaction = self.transaction, None
        if transaction is None or transaction.failed:
            return
        self.emit(
            TransactionEnded(
                self.id, transaction.id, outcome, self.now_us(), code, body
            )
        )

    def give_up_transaction(
        self, outcome: Outcome, code: int | None = None
    ) -> Steps[None]:
        """Do as end_transaction, if one is open, with the chunks that came as its body."""
        if self.transaction is None:
            return
        chunks, self.transaction.chunks = self.transaction.chunks, None
        body = None
        if chunks is not None and chunks.spool.size:
            body = yield from self.close_body(chunks.spool, ended=False)
        self.end_transaction(outcome, code, body)


def stopping() -> SessionEnded:
    """The end of a session because Mailsink stops."""
    return SessionEnded("shutdown", "Mailsink is stopping.", replies.SHUTTING_DOWN)
