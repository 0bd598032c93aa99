"""One SMTP session: the facts about it, and its exchanges.

It is sans-I/O: its steps are generators, which yield effects (`effects.py`) to the
machine. Every wait passes `session_time.wait_until`. Every incoming line passes
`begin_exchange`. Every outgoing reply passes `send_reply_now` or
`shaped_replies.send_reply`, and the reply writer.
"""

from __future__ import annotations

from dataclasses import replace

from mailsink.ports import Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import (
    NOT_PLACED,
    Ending,
    ExchangeKind,
    ExchangeOpened,
    SessionUpdated,
)
from mailsink.smtp.protocol.input_buffer import InputBuffer
from mailsink.smtp.protocol.other_protocols import LONGEST_LOOK, talks_first
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session import pipelining
from mailsink.smtp.session.exchange import Exchange
from mailsink.smtp.session.host import Host, Peer
from mailsink.smtp.session.pace import Pace
from mailsink.smtp.session.reply_writer import ReplyWriter
from mailsink.smtp.session.transaction import Transaction
from mailsink.smtp.tls.layer import TlsLayer
from mailsink.smtp.tls.starttls_denylist import Client

SECOND = 1_000_000  # microseconds
NEVER = 1 << 62  # microseconds


class Session:
    """The session of one connection, from its first octet to its last.

    Times are microseconds since it opened.
    """

    __slots__ = (
        "_listeners_profile", "_next_flags", "_seq", "chunk_line", "command_count", "draining",
        "emit", "ending", "eof", "errors_in_a_row", "exchange", "expects_secret", "extended", "gave_way_after", "helo", "host",
        "id", "idle_us", "input", "lost", "now_us", "offered", "origin", "output_blocked", "pace", "peer", "placement", "profile", "refusal", "resets", "session_us",
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
        self.resets = False  # the connection ends with RST
        self.wake_at = NEVER  # when to step although nothing arrived
        self.ending: Ending = "error"  # once it has ended
        self.turned = False  # the roles are reversed: the client receives
        # The client
        self.origin = peer.client_address  # or the one that a load balancer announced
        self.refusal: Reply | None = None  # at the connect
        self.helo = ""
        self.extended = False  # after EHLO or LHLO
        self.offered: frozenset[str] = frozenset()  # in the last reply to EHLO
        self.user: str | None = None
        self.placement = NOT_PLACED  # of its messages, apart from their recipients
        self.tls: TlsLayer | None = None
        # Set if STARTTLS is withheld: the client, with the name of its first EHLO
        self.without_starttls: Client | None = None
        self.expects_secret = False  # lines that are no command may hold a secret
        self.errors_in_a_row = 0
        self.command_count = 0  # lines, those of an AUTH dialogue too
        self.transcript_octets = 0  # of lines, as they are recorded
        # The current state
        self.exchange = Exchange(0, "connect", "")
        self.transaction: Transaction | None = None
        self.transaction_count = 0
        # The recorded line of BDAT, its flags, and when it arrived
        self.chunk_line: tuple[str, tuple[str, ...], int] = ("", (), 0)
        self.idle_us = int(profile.idle_timeout * SECOND) or NEVER  # of a wait
        self.session_us = int(profile.session_timeout * SECOND) or NEVER  # its end
        self._seq = 0
        self.pace = Pace()
        self._next_flags: tuple[str, ...] = ()

    # Facts

    @property
    def protocol(self) -> str:
        """The protocol in use, by its registered name if it has one (RFC 3848)."""
        name = "SMTP" if self.tls is None else "SMTPS"
        if self.profile.protocol == "lmtp":
            name = f"L{name[1:]}"
        elif self.extended:
            name = f"E{name}"
        else:
            return name  # no registered name covers AUTH after HELO
        return name if self.user is None else f"{name}A"

    def unix_time(self) -> float:
        """Return the time of day, in seconds since 1970."""
        return self.peer.opened_at + self.now_us() / SECOND

    def hello_missing(self) -> Reply:
        """The refusal of a command that needs EHLO.

        STARTTLS undoes it (RFC 3207 §4.2).
        """
        if self.tls is not None and not self.profile.implicit_tls:
            return replies.hello_again(self.profile.hello)
        return replies.out_of_order(self.profile.hello)

    def update(self, **changes: str | int) -> None:
        """Emit facts about the session."""
        self.emit(SessionUpdated(self.id, changes))

    def admit(self) -> None:
        """Count the session for its client; set `refusal` if a limit is exceeded."""
        self.refusal = self.host.admit(self.peer.client_address)

    def set_client(self, address: str, port: int) -> None:
        """Replace the client's address with one that was announced for it."""
        self.peer = replace(self.peer, client_address=address, client_port=port)
        self.update(client_address=address, client_port=port)

    def offer(self, decision: Decision | None) -> None:
        """Offer the extensions as a decision limits them, until the next EHLO.

        None: offer all extensions of the listener.
        """
        profile = self._listeners_profile
        if decision is not None and (decision.without or decision.size):
            # A client's address can request a size: it must not raise the listener's
            # limit.
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

    def take_placement(self) -> None:
        """Use the inbox that the current exchange chose, if it chose one."""
        placement = self.exchange.placement
        if placement is not None and placement != self.placement:
            self.placement = placement
            self.update(inbox=placement.inbox)

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
        """Treat the unused and all later input as TLS."""
        self.tls = layer
        octets = self.input.peek(len(self.input))
        self.discard_input()
        self.receive(octets)

    def discard_input(self) -> None:
        """Drop the unused octets."""
        self.input.use(len(self.input))
        self._next_flags = ()

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
        """Begin an exchange and emit it; return its flags so far."""
        flags += self.next_exchange(kind, verb)
        self.transcript_octets += len(line.encode())
        self.emit_exchange(line, octets, received_us, flags)
        return flags

    def next_exchange(self, kind: ExchangeKind, verb: str = "") -> tuple[str, ...]:
        """Begin an exchange that is emitted later; return its flags so far."""
        offered = "PIPELINING" in self.offered
        self.exchange = Exchange(self.next_seq(), kind, verb, offered)
        flags, self._next_flags = self._next_flags, ()
        return flags

    def next_seq(self) -> int:
        """Return the number of the next exchange, counted from 1."""
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
                rule=exchange.rule,
            )
        )

    def send_reply_now(self, reply: Reply, ready_us: int | None = None) -> None:
        """Send the reply at once. ready_us: when it was decided; the default is now."""
        exchange = self.exchange
        exchange.ready_us = self.now_us() if ready_us is None else ready_us
        if self.eof or len(self.input):
            self.note_what_came(exchange, reply)
        self.writer.queue(exchange, reply)
        if exchange.verb not in pipelining.MAY_WAIT:
            self.writer.flush()

    def note_what_came(self, exchange: Exchange, reply: Reply) -> None:
        """Flag the client's actions before this reply."""
        if len(self.input):
            self._note_pipelining(exchange, reply)
        if self.eof and not self.lost:
            exchange.flags += ("half_close",)

    def _note_pipelining(self, exchange: Exchange, reply: Reply) -> None:
        """Flag input that arrived before this reply was written (RFC 2920)."""
        if exchange.kind == "connect" and talks_first(self.input.peek(LONGEST_LOOK)):
            return  # it gets a flag of its own
        self._next_flags = pipelining.note(exchange, reply)
