"""A mail transaction (RFC 5321 §3.3): what is known of it while it is open."""

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
    recipients: int = 0  # RCPTs that were answered
    accepted: int = 0  # and accepted
    recipient_paths: list[str] = field(default_factory=list)  # accepted, readable
    asked: bool = False  # an address of it may ask for a reply: see ports.Policy.asks
    handling: Handling = AS_USUAL  # of its message, by rules
    placement: Placement = NOT_PLACED
    flags: frozenset[str] = frozenset()  # of MAIL, of each RCPT, and of the body
    begun: bool = False  # its first chunk came, or was refused
    chunks: ChunkReader | None = None  # the body so far, by BDAT
    failed: bool = False  # it has ended, and takes nothing until RSET
