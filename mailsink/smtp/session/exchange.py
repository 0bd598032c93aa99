"""One exchange in the making."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from mailsink.ports import Decision
from mailsink.smtp.protocol.events import (
    AS_USUAL,
    ExchangeKind,
    Handling,
    Placement,
)


class Delivery(NamedTuple):
    """LMTP: a body's transaction, and the recipients with a reply (RFC 2033 §4.2)."""

    transaction: UUID
    recipients: tuple[str, ...]


@dataclass(slots=True)
class Exchange:
    """The state of an exchange that a session keeps until the reply is written."""

    seq: int
    kind: ExchangeKind
    verb: str
    pipelining_offered: bool = False  # when it arrived
    ready_us: int = 0  # when its reply was known
    delayed_us: int = 0
    delay: float = 0.0  # seconds still to wait before the reply
    shaped: Decision | None = None  # how the reply is written, if not normally
    ruled: bool = False  # a rule decides the reply
    rule: str = ""  # which one, in words
    handling: Handling = AS_USUAL  # of the transaction that it begins
    placement: Placement | None = None  # that follows from it, if it succeeds
    private: bool = False  # its reply is masked in the events
    flags: tuple[str, ...] = ()  # found after it was emitted
    final: bool = False  # its reply says that a message is stored
    delivery: Delivery | None = None
