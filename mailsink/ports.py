"""The interfaces that a server needs: `inbox` implements them, `serve` connects them.

This module uses neither Django nor aiosmtpd. All methods are called on the event loop.
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
    """Records events and messages. Never raises because of a client's input."""

    def record(self, event: Event) -> None:
        """Take an event at once; it is committed soon after, in order."""

    def store_now(self, arrival: Arrival, done: Answer) -> bool:
        """Take a message as `store` does, if only its commit has to be waited for.

        Return whether it was taken. done: called on the event loop when the message is
        synced or refused, but never before this method returns
        """

    async def store(self, arrival: Arrival) -> Stored | Refused:
        """Commit the message with its envelope and transcript; return when synced."""

    async def room(self) -> None:
        """Return when more can be read: at once, unless the queue is full."""

    @property
    def congested(self) -> bool:
        """Whether the queue has been full so long that new sessions must be refused."""


@dataclass(frozen=True, slots=True)
class Consult:
    """The machine's question to the policy at a stage, with the facts.

    The facts: client_address, listener, helo, user, tls (its version), transaction (1
    for the first of the session), reverse_path, forward_path, parameters (of MAIL, as
    given), verb, argument, size, smtputf8 (1: the client allows UTF-8 in the reply),
    inbox (that a rule chose for the message), flags (separated by spaces, of the
    transaction's own lines: MAIL, RCPT and the body). A fact that is unknown is
    missing.

    seq: of the exchange. recipients: the accepted ones, readable. body: only at the
    stage "body". placement: the client's inbox, as far as it was decided before.
    may_ask: False if no address and no name of the client asks for a reply (see
    Policy.asks).

    If the listener begins with TLS, the stage "starttls" has no verb: the client could
    not read a reply then.
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
    """The decision of a policy. An empty decision changes nothing."""

    reply: Reply | None = None
    delay: float = 0.0  # seconds before the reply
    drip: float = 0.0  # octets of the reply written each second; 0: all at once
    stall: bool = False  # send no reply, and keep the connection
    # Drop the connection: before, halfway through or after the reply
    close: Close = ""
    resets: bool = False  # drop it with RST, not with FIN
    kept: int = 0  # characters kept of each line of the reply; 0: all
    garbled: bool = False  # each line of the reply is sent backwards
    without: frozenset[str] = frozenset()  # keywords that EHLO does not offer
    size: int = 0  # octets: the largest message that EHLO offers; 0: the listener's
    tls_failure: TlsFailure = ""  # the way to make the TLS handshake fail
    tags: tuple[str, ...] = ()
    pinned: bool = False  # the message is pinned
    inbox: str = ""  # the slug of the message's inbox; "": as without a rule
    discarded: bool = False  # the message is accepted, but not stored
    placement: Placement | None = None  # from now on; None: unchanged
    rule: str = ""  # the rule that decided, in words for the transcript
    notice: str = ""  # a sentence for the transcript, on a separate line

    @property
    def shapes(self) -> bool:
        """Whether the reply is not written in the normal way."""
        return bool(self.close or self.stall or self.drip or self.kept or self.garbled)

    @property
    def handles(self) -> bool:
        """Whether the decision affects the message after its acceptance."""
        return bool(self.tags or self.pinned or self.inbox or self.discarded)


GO_ON = Decision()


class Policy(Protocol):
    """Decides on the server's replies, on purpose."""

    @property
    def stages(self) -> Collection[Stage]:
        """The stages at which decide must be called; the others cost nothing."""

    def asks(self, name: str) -> bool:
        """Whether an address or a name of a client may itself request a reply.

        Then decide is called about it at any stage. Takes constant time for most names.
        """

    def decide_now(self, consult: Consult) -> Decision | None:
        """Answer a consultation if that needs no wait; None: await `decide`."""

    async def decide(self, consult: Consult) -> Decision:
        """Answer a consultation."""


@dataclass(frozen=True, slots=True)
class Password:
    """A plain secret, or a token, in octets as sent: never stored, never logged."""

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
    """A client's request for waiting mail: ETRN, ATRN or TURN."""

    verb: Literal["ETRN", "ATRN", "TURN"]
    session: UUID
    client_address: str
    helo: str
    user: str | None  # None: it has not logged in
    # For ETRN one: "example.com", "@example.com" for it and its subdomains, or
    # "#queue". For ATRN the domains; none: all domains of the user. In lower case.
    nodes: tuple[str, ...] = ()


Credentials = Password | KeyedDigest


@dataclass(frozen=True, slots=True)
class Verifier:
    """The values that SCRAM-SHA-256 stores in place of a password (RFC 5802 §3)."""

    salt: bytes
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)
    # Of the previous password, while it is valid: with the same salt and iterations
    previous: Verifier | None = None


class Courier(Protocol):
    """Brings the mail for a session with a next hop, and takes the results."""

    async def next_mail(self) -> OutgoingMail | None:
        """Return the next message for this hop; None: there is no more."""

    async def last_look(self, mail: OutgoingMail) -> tuple[str, ...]:
        """Return for each recipient in order why it may not get mail; "": it may."""

    async def message_ends(self, mail: OutgoingMail) -> None:
        """Remember durably that the end of the message is about to be sent."""

    async def report(
        self, mail: OutgoingMail, results: tuple[RecipientResult, ...]
    ) -> None:
        """Remember the results of a message durably, for each recipient in order."""

    def close(self) -> None:
        """End the session; mail without a result goes back into the queue."""


class HeldMail(Protocol):
    """Mail that waits until its receiver asks for it."""

    async def ask(self, request: MailRequest) -> Reply | Courier:
        """Return the mail's courier, or the reply to ETRN or to a refused request."""


class Authenticator(Protocol):
    """Knows who may send."""

    def supports(self, mechanism: str) -> bool:
        """Whether it can verify this mechanism, given by its upper-case name."""

    async def authenticate(self, credentials: Credentials) -> bool:
        """Whether these credentials are valid."""

    async def verifier(self, username: bytes) -> Verifier:
        """Return the verifier of a user.

        For an unknown user, return one that no proof matches.
        """
