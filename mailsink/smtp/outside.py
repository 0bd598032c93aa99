"""What the machine is told of the world, and may use of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import inf
from uuid import UUID

from mailsink.ports import Stage
from mailsink.smtp.events import Event
from mailsink.smtp.replies import Reply


@dataclass(frozen=True, slots=True)
class Peer:
    """Who speaks, and by which door it came in."""

    session: UUID
    listener: str
    client_address: str
    client_port: int
    opened_at: float  # Unix time, seconds


@dataclass(frozen=True, slots=True)
class Outside:
    """What the machine may use of the world; nothing here blocks."""

    write: Callable[[bytes], bool]  # False: the peer is gone
    record: Callable[[Event], None]
    clock: Callable[[], int]  # microseconds since the session opened
    stages: Callable[[], Collection[Stage]]  # at which decisions are wanted
    status: Callable[[], Sequence[str]]  # lines for HELP STATUS
    admit: Callable[[str], Reply | None]  # count a client in, by its address
    supports: Callable[[str], bool]  # whether logins by this mechanism can be judged
    room: Callable[[], float] = lambda: inf  # octets that the disk can take now
