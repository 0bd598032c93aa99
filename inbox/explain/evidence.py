"""A piece of evidence: the facts of one RCPT, session or tombstone about an address's mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from inbox import pages

EvidenceKind = Literal[
    "accepted",  # it is in the inbox
    "hidden",  # it is in the inbox, but does not match the reader's filter
    "trash",  # it was deleted, and can be restored
    "removed",  # it was accepted, and removed for good
    "discarded",  # it was accepted, but not stored, because of a rule
    "refused",  # RCPT was
    "rejected",  # RCPT was accepted, but the message was not
    "cut_off",  # the session ended in the middle of the message
    "taken_back",  # the client took it back, for example with RSET
    "abandoned",  # the session ended before the message
    "open",  # it is under way
    "unnamed",  # a session without recipient, perhaps for this address
]
# Why a message was removed: its time in the trash was over; a limit of retention, by
# count or age, or of its inbox; its session was deleted.
Cause = Literal["deleted", "count", "age", "inbox", "session"]
KINDS: tuple[EvidenceKind, ...] = get_args(EvidenceKind)

MOST = 50  # pieces that are shown


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence; some facts may be unknown.

    Text is as stored: templates escape it.
    """

    kind: EvidenceKind
    at: datetime
    address: str = ""  # as the client wrote it
    peer: str = ""  # the client's name for itself
    subject: str = ""
    code: int | None = None
    reply: str = ""  # whole lines, joined by LF
    rule: str = ""  # that answered
    said: str = ""  # the outcome of the session, in words
    octets: int | None = None  # of a body that was not accepted
    ending: str = ""  # of the session
    message: UUID | None = None
    transaction: UUID | None = None
    session: UUID | None = None  # None: it is gone, or was an import
    seq: int | None = None  # of the most relevant exchange
    deleted_at: datetime | None = None
    removed_at: datetime | None = None
    cause: Cause | None = None  # of the removal; None: there is no tombstone

    @property
    def url(self) -> str:
        """The URL that shows it: the message, the exchange, the session; "" if all is gone."""
        if self.kind in ("accepted", "hidden"):
            return pages.path("message", self.message)
        if self.kind == "trash":
            return pages.path("trash")
        if self.session and self.seq:
            return pages.short(self.session, self.seq)
        return self.session_url

    @property
    def session_url(self) -> str:
        return pages.path("session", self.session) if self.session else ""


@dataclass(frozen=True, slots=True)
class Near:
    """A lower-case address that clients named, and its similarity to another one."""

    address: str
    at: datetime  # when it was last named
    words: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of the newest mail for an address, in numbers."""

    accepted: int
    codes: tuple[int, ...]  # one for each rejection
    lost: int  # the message was incomplete when the session ended, or RSET came
    open: int
    more: bool  # there was earlier mail
    last: datetime | None  # when it was last named; None: never


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail that an address sent: messages, and transactions without one."""

    messages: int
    failed: int
    more: bool  # it sent more messages than were counted
    last: datetime | None  # None: it sent no mail
