"""The SMTP session as a sans-I/O machine: octets in; octets, events and wishes out.

`receive`, `end_input` and `lose` tell it what came; `step` lets it go on until it has
a wish, which the transport grants and answers by the next `step`. Every wait passes
`wait`, every line in passes `open`, every reply out passes `answer` and the outlet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mailsink.ports import Consult, Decision, Stage
from mailsink.smtp import replies
from mailsink.smtp.conversation import converse
from mailsink.smtp.events import Ending, ExchangeOpened, Kind, SessionUpdated
from mailsink.smtp.exchange import Exchange
from mailsink.smtp.intruders import refuse_tls
from mailsink.smtp.outlet import Outlet
from mailsink.smtp.outside import Outside, Peer
from mailsink.smtp.profile import Profile
from mailsink.smtp.replies import Reply
from mailsink.smtp.wire import Buffer, Line
from mailsink.smtp.wishes import BREATHE, MORE, Ended, Refusal, Steps, Wish

if TYPE_CHECKING:
    from mailsink.smtp.tls.distrust import Client
    from mailsink.smtp.tls.layer import TlsLayer
    from mailsink.smtp.transaction import Transaction

# Lines of a session before it gives way: to the others, and to a recorder that is full.
_LINES_AT_ONCE = 50
NEVER = 1 << 62  # microseconds
_SECOND = 1_000_000
_TLS = b"\x16"  # what a handshake begins with (RFC 8446 §5.1)

# Replies that may wait for the next ones, so that a group is answered in one write
# (RFC 2920 §3.2, RFC 3030 §2). Others go out at once.
_MAY_WAIT = frozenset({"MAIL", "RCPT", "RSET", "BDAT"})
# What nothing may be pipelined behind (RFC 2920 §3.1; extensions by default).
_LAST_IN_GROUP = frozenset(
    {"EHLO", "HELO", "DATA", "VRFY", "EXPN", "TURN", "QUIT", "NOOP", "AUTH", "STARTTLS",
     "ETRN", "ATRN", "LHLO"}
)  # fmt: skip


class Machine:
    """One session, from its first octet to its last."""

    __slots__ = (
        "_idle_us", "_lines", "_next_flags", "_outside", "_seq", "_session_us", "_steps", "buffer",
        "choked", "chunk_line", "commands", "current", "ending", "eof", "errors",
        "extended", "guarded", "helo", "killed", "lost",
        "now_us", "offered", "origin", "outlet", "peer", "profile", "record", "refusal", "send", "session",
        "stopping", "tls", "transaction", "transactions", "user", "wake_at", "without_starttls",
    )  # fmt: skip

    def __init__(
        self,
        profile: Profile,
        peer: Peer,
        outside: Outside,
    ) -> None:
        """Prepare a session."""
        self.profile = profile
        self.peer = peer
        self.session = peer.session
        self.record = outside.record
        self.send = outside.write  # to the wire, past TLS
        self.origin = peer.client_address  # or what a trusted balancer announced
        self.refusal: Reply | None = None  # at the door
        self.buffer = Buffer(profile.max_line)
        self.outlet = Outlet(
            profile, peer.session, outside.write, outside.record, outside.clock
        )
        self.wake_at = NEVER  # when to step although nothing came, microseconds
        self.choked = False  # the client does not read its replies
        self.stopping = False  # Mailsink stops: no new transaction
        self.killed = False  # the session must end now
        self.eof = False
        self.lost = False
        self.helo = ""
        self.extended = False
        self.user: str | None = None
        self.tls: TlsLayer | None = None
        # who is not offered STARTTLS in this session, by the name of its first EHLO
        self.without_starttls: Client | None = None
        self.offered: frozenset[str] = frozenset()  # by the last reply to EHLO
        self.guarded = False  # lines that are no command may hold a secret
        self.errors = 0  # in a row
        self.commands = 0  # lines, those of an AUTH dialogue too
        self.transaction: Transaction | None = None
        # The line of BDAT as it was told, with its flags, and when it came
        self.chunk_line: tuple[str, tuple[str, ...], int] = ("", (), 0)
        self.transactions = 0
        self.current = Exchange(0, "connect", "")
        self.ending: Ending = "error"  # once it has ended
        self._outside = outside
        self.now_us = outside.clock
        self._idle_us = int(profile.idle_timeout * _SECOND) or NEVER
        self._session_us = int(profile.session_timeout * _SECOND) or NEVER
        self._seq = 0
        self._lines = 0
        self._next_flags: tuple[str, ...] = ()
        self._steps = converse(self)

    # What the transport tells

    def receive(self, octets: bytes) -> None:
        """Take octets that came now."""
        if self.tls is not None:
            octets = self.tls.receive(octets)
            self.eof = self.eof or self.tls.ended
        self.buffer.append(octets, self.now_us())

    def end_input(self) -> None:
        """The client will send no more; it may still read."""
        self.eof = True

    def lose(self) -> None:
        """The connection is gone."""
        self.eof = self.lost = True
        self.choked = False

    def step(self, answer: object = None) -> Wish | None:
        """Go on until there is a wish, or None at the end; replies owed go out."""
        return self._resume(self._steps.send, answer)

    def fail(self, error: Exception) -> Wish | None:
        """Go on as `step` does; the last wish could not be granted."""
        return self._resume(self._steps.throw, error)

    def _resume(self, resume: Callable[[Any], Wish], value: object) -> Wish | None:
        try:
            return resume(value)
        except StopIteration:
            return None
        finally:
            self.outlet.flush()

    # What the steps of a conversation use

    @property
    def protocol(self) -> str:
        """What is spoken, by its registered name where it has one (RFC 3848)."""
        name = "SMTP" if self.tls is None else "SMTPS"
        if self.profile.protocol == "lmtp":
            name = f"L{name[1:]}"
        elif self.extended:
            name = f"E{name}"
        else:
            return name  # HELO: no name tells of AUTH
        return name if self.user is None else f"{name}A"

    def admit(self) -> None:
        """Be counted in as a session of this client, or be refused at the door."""
        self.refusal = self._outside.admit(self.peer.client_address)

    def announce(self, address: str, port: int) -> None:
        """Take the client to be another than who holds the connection."""
        self.peer = replace(self.peer, client_address=address, client_port=port)
        self.update(client_address=address, client_port=port)

    def hello_missing(self) -> Reply:
        """The refusal of what takes EHLO first; STARTTLS undoes one (RFC 3207 §4.2)."""
        if self.tls is not None and not self.profile.implicit_tls:
            return replies.hello_again(self.profile.hello)
        return replies.out_of_order(self.profile.hello)

    def status(self) -> Sequence[str]:
        return self._outside.status()

    def unix_time(self) -> float:
        """The time of day, in seconds since 1970."""
        return self.peer.opened_at + self.now_us() / _SECOND

    def supports(self, mechanism: str) -> bool:
        return self._outside.supports(mechanism)

    def room(self) -> float:
        """How many octets the disk can take now."""
        return self._outside.room()

    def deadline(self) -> int:
        """When a wait that begins now has lasted too long, in microseconds."""
        return self.now_us() + self._idle_us

    def more(self, until: int, wake_at: int = NEVER) -> Wish:
        """The one wait for the client, at most until a time; raises Ended.

        It ends when something came or changed, or at wake_at; in microseconds.
        """
        self.check_time()
        if self.eof and not self.choked:
            raise Ended("dropped")
        if self.now_us() >= until:
            raise self._too_slow()
        self.wake_at = min(until, self._session_us, wake_at)
        return MORE

    def _too_slow(self) -> Ended:
        idle = self.profile.idle_timeout
        if len(self.buffer) and not self.choked:  # a line: its octets win no time
            notice = f"The client did not end its line within {idle:g} seconds."
            return Ended("timeout", notice, replies.line_not_ended(idle))
        notice = f"The client was silent for {idle:g} seconds."
        return Ended("timeout", notice, replies.idle(idle))

    def check_time(self) -> None:
        """See whether the session may go on, whether or not there is anything to wait for.

        Raises Ended.
        """
        if self.killed:
            raise Ended("shutdown", "Mailsink is stopping.", replies.SHUTTING_DOWN)
        if self.now_us() >= self._session_us:
            seconds = self.profile.session_timeout
            notice = f"The session lasted longer than {seconds:g} seconds."
            raise Ended("timeout", notice, replies.session_too_long(seconds))

    def read_line(self) -> Steps[Line]:
        """Return the next line; raises Ended."""
        until = 0
        while True:
            if self.buffer.startswith(_TLS) and self.tls is None:
                yield from refuse_tls(self)
            if self.stopping and (self.transaction is None or self.transaction.failed):
                raise Ended("shutdown", "Mailsink is stopping.", replies.SHUTTING_DOWN)
            if not self.choked and (line := self.buffer.line()) is not None:
                break
            until = until or self.deadline()
            yield self.more(until)
        self._count_command()
        self._lines += 1
        if self._lines > _LINES_AT_ONCE:
            self._lines = 0
            yield BREATHE
            self.check_time()
        return line

    def _count_command(self) -> None:
        """Count a line, which is a row for the recorder; raises Ended for one too many."""
        self.commands += 1
        most = self.profile.max_commands
        if 0 < most < self.commands:
            notice = f"The client sent more than {most} commands in this session."
            raise Ended("refused", notice, replies.too_many_commands(most))

    def open(
        self,
        kind: Kind,
        verb: str,
        line: str,
        octets: int,
        received_us: int,
        flags: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """Begin an exchange, and tell it; return the flags it has by now."""
        flags += self.open_silently(kind, verb)
        self.tell(line, octets, received_us, flags)
        return flags

    def open_silently(self, kind: Kind, verb: str = "") -> tuple[str, ...]:
        """Begin an exchange that will be told later; return the flags it has by now."""
        self._seq += 1
        offered = "PIPELINING" in self.offered
        self.current = Exchange(self._seq, kind, verb, offered)
        flags, self._next_flags = self._next_flags, ()
        return flags

    def tell(
        self, line: str, octets: int, received_us: int, flags: tuple[str, ...] = ()
    ) -> None:
        """Tell the current exchange as it stands now."""
        exchange, transaction = self.current, self.transaction
        self.record(
            ExchangeOpened(
                self.session,
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

    def answer(self, reply: Reply) -> Steps[None]:
        """Answer the current exchange, as late and as rudely as a rule wants it."""
        exchange = self.current
        if not exchange.ruled:
            self.answer_now(reply)
            return
        ready_us = self.now_us()
        if exchange.delay:
            yield from self._pause(exchange)
        if exchange.close == "before":
            exchange.ready_us = ready_us
            self.outlet.forget(exchange, reply)
            raise Ended("refused")
        self.answer_now(reply, ready_us)
        if exchange.close == "after" or reply.code == 421:
            raise Ended("refused")

    def answer_now(self, reply: Reply, ready_us: int | None = None) -> None:
        """Answer the current exchange at once; the reply is known since ready_us, or now."""
        exchange = self.current
        exchange.ready_us = self.now_us() if ready_us is None else ready_us
        if len(self.buffer):
            self._note_pipelining(exchange, reply)
        if self.eof and not self.lost:
            exchange.flags += ("half_close",)
        self.outlet.owe(exchange, reply)
        if exchange.verb not in _MAY_WAIT:
            self.outlet.flush()

    def _pause(self, exchange: Exchange) -> Steps[None]:
        began = self.now_us()
        until = began + int(exchange.delay * _SECOND)
        while self.now_us() < until and not (self.lost or self.killed):
            self.wake_at = until
            yield MORE
        exchange.delay = 0.0
        exchange.delayed_us += self.now_us() - began

    def _note_pipelining(self, exchange: Exchange, reply: Reply) -> None:
        """More came before this reply was written (RFC 2920)."""
        if exchange.kind == "connect":
            if self.buffer.startswith(_TLS) and self.tls is None:
                return  # TLS talks first: it is told as what it is, and not as haste
            exchange.flags += ("early_talker",)
        self._next_flags = ("pipelined",)
        if exchange.verb in _LAST_IN_GROUP:
            exchange.flags += ("pipelining_violation",)
        if exchange.verb == "STARTTLS" and reply.code < 400:
            exchange.flags += ("plaintext_after_starttls",)
        if not exchange.pipelining_offered:
            self._next_flags += ("pipelining_unadvertised",)

    def consult(self, stage: Stage, **facts: str | int) -> Steps[Reply | None]:
        """Ask what is to be done; raise Refusal, or return a reply instead of success."""
        stages = self._outside.stages()
        if not stages or (stage not in stages and "any" not in stages):
            return None
        decision: Decision = yield Consult(stage, self.session, self._facts() | facts)
        exchange = self.current
        exchange.ruled = True
        # A chunk may be asked about twice: as DATA is, and as the body's end.
        exchange.delay += decision.delay
        exchange.close = decision.close or exchange.close
        exchange.rule = decision.rule or exchange.rule
        if self.transaction is not None:
            self.transaction.tags += decision.tags
        if decision.reply is not None and decision.reply.code >= 400:
            raise Refusal(decision.reply)
        return decision.reply

    def _facts(self) -> dict[str, str | int]:
        facts: dict[str, str | int] = {
            "client_address": self.peer.client_address,
            "listener": self.peer.listener,
        }
        if self.helo:
            facts["helo"] = self.helo
        if self.user is not None:
            facts["user"] = self.user
        if self.transaction is not None:
            facts["reverse_path"] = self.transaction.reverse_path
            if self.transaction.smtputf8:
                facts["smtputf8"] = 1
        if self.current.verb:
            facts["verb"] = self.current.verb
        return facts

    def discard(self) -> None:
        """Drop the octets that came and were not used."""
        self.buffer.use(len(self.buffer))
        self._next_flags = ()

    def begin_tls(self, layer: TlsLayer) -> None:
        """Take what came and what comes as TLS from now on."""
        self.tls = layer
        octets = self.buffer.peek(len(self.buffer))
        self.discard()
        self.receive(octets)

    def forget_client(self) -> None:
        """Know nothing of the client any more, as after the greeting (RFC 3207 §4.2)."""
        self.helo, self.extended, self.offered = "", False, frozenset()
        self.user = None

    def update(self, **changes: str | int) -> None:
        """Tell facts about the session."""
        self.record(SessionUpdated(self.session, changes))
