"""The events that the engine emits to the recorder, in the order they happened.

They are named tuples, because creating one must be cheap: a message has ten of them.
Times are microseconds since the session opened. Text holds no raw client octets:
see mailsink.text.readable. Secrets are masked before an event is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

from mailsink.smtp.listener_kinds import KindName

Direction = Literal["in", "out"]
Ending = Literal[
    "quit", "dropped", "timeout", "shutdown", "refused",
    "tls_failed", "turned", "error", "crashed",
]  # fmt: skip
ExchangeKind = Literal["connect", "command", "auth", "tls", "body", "chunk", "notice"]
Outcome = Literal["accepted", "rejected", "reset", "abandoned", "discarded"]

# The fact that chose the inbox of a client; "": none, so it is the usual inbox.
PlacedBy = Literal[
    "", "header", "listener", "network", "helo", "recipient", "user"
]  # fmt: skip

FLAGS = frozenset(
    """
    early_talker pipelining_violation pipelining_unadvertised bare_lf_command
    bare_lf_data bare_cr_data wrong_end_of_data smuggling_pattern long_line eightbit_in_7bit nul_octet
    lenient_path lenient_local lenient_domain unqualified_address underscore_domain source_route unknown_literal
    long_path eightbit_header size_mismatch bdat_desync dot_not_doubled
    plaintext_after_starttls tls_on_plain plain_on_tls http_on_smtp half_close
    aborted_in_data bad_proxy_header proxy_not_trusted
    starttls_withheld tls_untrusted tls_no_version tls_no_cipher tls_broken left_at_certificate tls_on_purpose
    auth_plaintext pipelined binary_undeclared
    secret_empty secret_ends_with_lf secret_ends_with_space secret_non_ascii
    secret_equals_username secret_starts_with_space secret_ends_with_cr
    secret_double_encoded username_empty username_padded
    """.split()
)


class Placement(NamedTuple):
    """The inbox that a client sends to, by its slug; "": the usual one."""

    inbox: str = ""
    by: PlacedBy = ""


NOT_PLACED = Placement()


class SessionOpened(NamedTuple):
    session: UUID
    listener: str  # the address that accepted it: "127.0.0.1:1025"
    client_address: str
    client_port: int
    opened_at: float  # Unix time, seconds
    protocol: str = "SMTP"
    direction: Direction = "in"
    listener_kind: KindName = "smtp"


class SessionUpdated(NamedTuple):
    """New facts about a session.

    The keys: client_address, client_port (an int), helo, protocol, tls_version,
    tls_cipher, tls_sni, auth_mechanism, auth_username, inbox (the default for its
    messages, as in Placement).
    """

    session: UUID
    changes: Mapping[str, str | int]


class SessionClosed(NamedTuple):
    session: UUID
    at_us: int
    ending: Ending


class ExchangeOpened(NamedTuple):
    """A client line (or connect, TLS, body, chunk, notice) is complete, or a body began.

    Emitted again for the same seq when more is known, such as the octets of a growing
    body.
    """

    session: UUID
    seq: int
    kind: ExchangeKind
    verb: str  # upper case; "" if there is none or it is unknown
    line: str  # readable and masked, without CRLF
    # as received, line end and dot-stuffing included; for a chunk, without its line
    octets: int
    received_us: int  # when its last octet came
    transaction: UUID | None = None
    flags: tuple[str, ...] = ()
    direction: Direction = "in"
    rule: str = ""  # the rule that acted before the reply, or without one


class ExchangeReplied(NamedTuple):
    """The reply to an exchange was written, or (replied_us None) could not be."""

    session: UUID
    seq: int
    code: int
    enhanced: str  # "2.1.0"; "" if the reply has none
    reply: tuple[str, ...]  # whole lines as sent, without CRLF
    ready_us: int
    replied_us: int | None
    delayed_us: int = 0
    rule: str = ""
    flags: tuple[str, ...] = ()  # added to those of ExchangeOpened


class TransactionStarted(NamedTuple):
    session: UUID
    transaction: UUID
    seq: int  # 1 for the session's first
    reverse_path: str  # readable, without <>
    parameters: str  # as given after the path
    at_us: int
    inbox: str = ""  # as in Placement


class RecipientAnswered(NamedTuple):
    session: UUID
    transaction: UUID
    seq: int  # 1 for the transaction's first
    forward_path: str
    parameters: str
    code: int
    inbox: str = ""  # the inbox of the reply, as in Placement


class DeliveryAnswered(NamedTuple):
    """LMTP (RFC 2033 §4.2): the body got a reply for each accepted recipient."""

    session: UUID
    transaction: UUID
    codes: tuple[int, ...]  # in the order of their RCPT


class Body(NamedTuple):
    """A body's octets as sent, dots unstuffed, without the final CRLF.CRLF's dot line.

    Exactly one of content and path is set. A file at path is synced, and belongs to the
    receiver of the body.
    """

    size: int
    sha256: str
    complete: bool
    content: bytes | None = None
    path: Path | None = None


class TransactionEnded(NamedTuple):
    """A transaction ended without storing its message; has the body as received so far.

    An accepted transaction ends with Recorder.store instead.
    """

    session: UUID
    transaction: UUID
    outcome: Outcome
    at_us: int
    code: int | None = None  # of the reply that ended it, if one did
    body: Body | None = None
    inbox: str = ""  # as in Placement; also "" if it does not change


Event = (
    SessionOpened | SessionUpdated | SessionClosed | ExchangeOpened | ExchangeReplied
    | TransactionStarted | RecipientAnswered | DeliveryAnswered | TransactionEnded
)  # fmt: skip


class Handling(NamedTuple):
    """How rules handle a message that is accepted."""

    tags: tuple[str, ...] = ()
    pinned: bool = False
    inbox: str = ""  # the slug of its inbox; "": the usual one
    discarded_by: str = ""  # the rule that discards it; "": it is stored


AS_USUAL = Handling()


class Arrival(NamedTuple):
    """A complete message that the machine would accept, for Recorder.store."""

    session: UUID
    transaction: UUID
    at_us: int
    body: Body
    handling: Handling = AS_USUAL
