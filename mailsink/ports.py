"""Protocols that a server needs from outside: `inbox` implements them, `serve` ties them.

Nothing here knows Django or aiosmtpd. All methods are called on the event loop.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult
from mailsink.smtp.protocol.events import Arrival, Event
from mailsink.smtp.protocol.replies import Reply

Stage = Literal[
    "connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "body",
    "rset", "vrfy", "quit", "any",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """The message is committed and synced under this id."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """The message could not be stored; the client is told so by this reply (4yz)."""

    reply: Reply


class Recorder(Protocol):
    """Remembers what happened. Never raises for what a client sent."""

    def record(self, event: Event) -> None:
        """Take an event at once; it is committed soon after, in order."""

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

    The facts: client_address, listener, helo, user, reverse_path, forward_path,
    parameters (of MAIL, as given), verb, argument, size, smtputf8 (1: the client
    allows UTF-8 in the reply); each only where it is known.
    """

    stage: Stage
    session: UUID
    facts: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a policy. The empty one changes nothing.

    The machine follows delay, close and tags; the rules of an inbox will set them.
    """

    reply: Reply | None = None
    delay: float = 0.0  # seconds before the reply
    close: Literal["", "before", "after"] = ""  # drop the connection around the reply
    tags: tuple[str, ...] = ()
    rule: str = ""  # what decided, in words for the transcript


GO_ON = Decision()


class Policy(Protocol):
    """Decides what the server answers on purpose."""

    @property
    def stages(self) -> Collection[Stage]:
        """The stages at which decide wants to be asked; the others cost nothing."""

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


class Courier(Protocol):
    """Brings the mail of a session with a next hop, and takes back what became of it."""

    async def next_mail(self) -> OutgoingMail | None:
        """Return the next message for this hop; None: there is no more."""

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
