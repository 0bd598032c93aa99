"""A mail transaction (RFC 5321 §3.3): the facts about it while it is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from mailsink.smtp.body.reader import ChunkReader, Declared
from mailsink.smtp.protocol.events import AS_USUAL, NOT_PLACED, Handling, Placement


@dataclass(slots=True, eq=False)
class Transaction:
    """Begun by MAIL; plain data, changed by the commands and ended by the session."""

    id: UUID
    reverse_path: str  # readable
    declared: Declared  # of the body, by MAIL
    recipients: int = 0  # RCPTs that got a reply
    accepted: int = 0  # RCPTs that were accepted
    recipient_paths: list[str] = field(default_factory=list)  # accepted, readable
    asked: bool = False  # an address in it may request a reply: see ports.Policy.asks
    handling: Handling = AS_USUAL  # of its message, by rules
    placement: Placement = NOT_PLACED
    flags: frozenset[str] = frozenset()  # of MAIL, of each RCPT, and of the body
    begun: bool = False  # its first chunk arrived, or was refused
    chunks: ChunkReader | None = None  # the body so far, with BDAT
    failed: bool = False  # it has ended, and accepts nothing until RSET
