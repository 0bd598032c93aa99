"""Protocols that a server needs from outside: `inbox` implements them, `serve` ties them.

Nothing here knows Django or aiosmtpd. All methods are called on the event loop.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult
from mailsink.smtp.protocol.events import NOT_PLACED, Arrival, Body, Event, Placement
from mailsink.smtp.protocol.replies import Reply

Stage = Literal[
    "connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "bdat", "body",
    "rset", "vrfy", "etrn", "quit", "any",
]  # fmt: skip
Close = Literal["", "before", "half", "after"]
TlsFailure = Literal["", "wrong_name", "expired", "no_cipher"]


@dataclass(frozen=True, slots=True)
class Stored:
    """The message is committed and synced under this id."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """The message could not be stored; the client gets this reply (4yz)."""

    reply: Reply


Answer = Callable[[Stored | Refused], None]


class Recorder(Protocol):
    """Remembers what happened. Never raises for what a client sent."""

    def record(self, event: Event) -> None:
        """Take an event at once; it is committed soon after, in order."""

    def store_now(self, arrival: Arrival, done: Answer) -> bool:
        """Take a message as `store` does, where nothing is to be waited for but its commit.

        Returns whether it took it. done: called on the event loop when it is synced, or
        refused; never before this returns
        """

    async def store(self, arrival: Arrival) -> Stored | Refused:
        """Commit the message with its envelope and transcript; return when synced."""

    async def room(self) -> None:
        """Return when more may be read: at once, unless the queue is full."""

    @property
    def congested(self) -> bool:
        """Whether the queue has been full for so long that new sessions are refused."""


@dataclass(frozen=True, slots=True)
class Consult:
    """The machine asks: what is to be done at this stage, given these facts?

    The facts: client_address, listener, helo, user, tls (its version), transaction
    (1 for the first of the session), reverse_path, forward_path, parameters (of MAIL,
    as given), verb, argument, size, smtputf8 (1: the client allows UTF-8 in the
    reply), inbox (that a rule has the message go to), flags (by space, of the transaction's own lines: MAIL, RCPT and the body);
    each only where it is known. seq: of the exchange. recipients: those that were
    accepted, readable. body: at the stage "body" alone. placement: the inbox that the
    client sends to, as far as that was decided before. may_ask: False where no address and
    no name of the client asks for a reply (see Policy.asks).

    The stage "starttls" is asked without a verb where the listener begins with TLS: nobody
    could read a reply then.
    """

    stage: Stage
    session: UUID
    facts: Mapping[str, str | int]
    seq: int = 0
    recipients: Sequence[str] = ()
    body: Body | None = None
    placement: Placement = NOT_PLACED
    may_ask: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a policy. The empty one changes nothing."""

    reply: Reply | None = None
    delay: float = 0.0  # seconds before the reply
    drip: float = 0.0  # octets a second at which the reply is written; 0: at once
    stall: bool = False  # no reply at all, and the connection stays
    # Drop the connection: before, half way through or after the reply
    close: Close = ""
    resets: bool = False  # drop it by RST, not by FIN
    kept: int = 0  # characters that are left of each line of the reply; 0: all
    garbled: bool = False  # each line of the reply is sent backwards
    without: frozenset[str] = frozenset()  # keywords that EHLO does not offer
    size: int = 0  # octets: the largest message that EHLO offers; 0: the listener's
    tls_failure: TlsFailure = ""  # how the TLS handshake is to fail
    tags: tuple[str, ...] = ()
    pinned: bool = False  # the message is
    inbox: str = ""  # that the message goes to, by its slug; "": as without a rule
    discarded: bool = False  # the message is accepted, but not stored
    placement: Placement | None = None  # from now on; None: it stays
    rule: str = ""  # what decided, in words for the transcript
    notice: str = ""  # a sentence for the transcript, as a line of its own

    @property
    def shapes(self) -> bool:
        """Whether the reply is not just written as it is."""
        return bool(self.close or self.stall or self.drip or self.kept or self.garbled)

    @property
    def handles(self) -> bool:
        """Whether it is about the message, once that is accepted."""
        return bool(self.tags or self.pinned or self.inbox or self.discarded)


GO_ON = Decision()


class Policy(Protocol):
    """Decides what the server answers on purpose."""

    @property
    def stages(self) -> Collection[Stage]:
        """The stages at which decide wants to be asked; the others cost nothing."""

    def asks(self, name: str) -> bool:
        """Whether an address or a name of a client may itself ask for a reply.

        Then decide is asked about it, whatever the stages say. In constant time for most.
        """

    def decide_now(self, consult: Consult) -> Decision | None:
        """Answer a consultation if nothing has to be waited for; None: await `decide`."""

    async def decide(self, consult: Consult) -> Decision:
        """Answer a consultation."""


@dataclass(frozen=True, slots=True)
class Password:
    """A secret as it is, or a token, in octets as sent: never stored, never logged."""

    mechanism: str
    username: bytes
    secret: bytes = field(repr=False)

    def proves(self, password: bytes) -> bool:
        """Whether it comes from one who knows the password; in constant time."""
        return hmac.compare_digest(self.secret, password)


@dataclass(frozen=True, slots=True)
class KeyedDigest:
    """CRAM-MD5's proof: the challenge under HMAC-MD5, the password its key (RFC 2195 §2)."""

    mechanism: str
    username: bytes
    challenge: bytes
    digest: bytes = field(repr=False)

    def proves(self, password: bytes) -> bool:
        """Whether it comes from one who knows the password; in constant time."""
        expected = hmac.digest(password, self.challenge, "md5")
        return hmac.compare_digest(self.digest, expected)


@dataclass(frozen=True, slots=True)
class MailRequest:
    """A client asks for mail that waits: by ETRN, ATRN or TURN."""

    verb: Literal["ETRN", "ATRN", "TURN"]
    session: UUID
    client_address: str
    helo: str
    user: str | None  # None: it has not logged in
    # Of ETRN one: "example.com", "@example.com" with what is below it, or "#queue". Of
    # ATRN the domains, none for all of the user's. In lower case.
    nodes: tuple[str, ...] = ()


Credentials = Password | KeyedDigest


@dataclass(frozen=True, slots=True)
class Verifier:
    """The values that SCRAM-SHA-256 stores in place of a password (RFC 5802 §3)."""

    salt: bytes
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)
    # That of the password before, while it is good: with the same salt and iterations
    previous: Verifier | None = None


class Courier(Protocol):
    """Brings the mail of a session with a next hop, and takes back what became of it."""

    async def next_mail(self) -> OutgoingMail | None:
        """Return the next message for this hop; None: there is no more."""

    async def last_look(self, mail: OutgoingMail) -> tuple[str, ...]:
        """Return for each recipient in order why nothing may go to it; "": it may."""

    async def message_ends(self, mail: OutgoingMail) -> None:
        """Remember durably that the end of the message is about to be sent."""

    async def report(
        self, mail: OutgoingMail, results: tuple[RecipientResult, ...]
    ) -> None:
        """Remember durably what became of a message, for each recipient in order."""

    def close(self) -> None:
        """The session is over; what was not reported is put back into the queue."""


class HeldMail(Protocol):
    """Mail that waits until its receiver asks for it."""

    async def ask(self, request: MailRequest) -> Reply | Courier:
        """Return the reply to ETRN, or to a refused ATRN or TURN; else who brings the mail."""


class Authenticator(Protocol):
    """Knows who may send."""

    def supports(self, mechanism: str) -> bool:
        """Whether it can judge this mechanism, given by its upper-case name."""

    async def authenticate(self, credentials: Credentials) -> bool:
        """Whether these credentials are good."""

    async def verifier(self, username: bytes) -> Verifier:
        """The verifier of a user; of an unknown one a made-up that no proof fits."""
