"""The world as a session sees it: its client, and the services of its process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from mailsink.ports import Stage
from mailsink.smtp.protocol.events import Event
from mailsink.smtp.protocol.replies import Reply


@dataclass(frozen=True, slots=True)
class Peer:
    """The client, and the listener that it connected to."""

    session: UUID
    listener: str  # its address: "127.0.0.1:1025"
    client_address: str
    client_port: int
    opened_at: float  # Unix time, seconds


class Host(Protocol):
    """The services that the process offers to a session. Nothing here blocks."""

    def write(self, octets: bytes) -> bool:
        """Write to the connection; return False if the peer is gone."""

    def record(self, event: Event) -> None:
        """Pass an event to the recorder."""

    def clock(self) -> int:
        """Return the microseconds since the session opened."""

    def stages(self) -> Collection[Stage]:
        """Return the stages at which the policy wants to decide."""

    def asks(self, name: str) -> bool:
        """Whether an address or a name of a client may itself request a reply."""

    def status(self) -> Sequence[str]:
        """Return the lines of HELP STATUS."""

    def admit(self, client: str) -> Reply | None:
        """Count a client by its address; return the refusal if a limit is exceeded."""

    def supports(self, mechanism: str) -> bool:
        """Whether the authenticator can verify logins with this SASL mechanism."""

    def room(self) -> float:
        """Return how many octets the disk can take now."""

    def crowded(self) -> bool:
        """Whether other sessions wait for a turn."""
