"""Admission: limits the sessions of a process, in all and for each client."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

_MANY = 100  # connections in all, from which on no client may hold all of them
_IDLE = 30.0  # seconds after which a connection may have to give way


class Admitted(Protocol):
    """A connection, as far as its admission goes."""

    def idle(self) -> float:
        """Return for how many seconds nothing has come from the client."""

    def give_way(self) -> None:
        """End the session, and with it the connection."""


class Admission:
    """Counts connections and clients; the listeners of a process share one."""

    def __init__(self) -> None:
        self._connections = 0
        self._by_client: defaultdict[str, dict[Admitted, None]] = defaultdict(dict)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._connections

    def connected(self) -> None:
        """Count a connection whose client is not known yet."""
        self._connections += 1

    def admit(
        self, connection: Admitted, client: str, profile: Profile
    ) -> Reply | None:
        """Count a connection's client in; return the refusal if it is one too many."""
        of_client = self._by_client[client]
        of_client[connection] = None
        if 0 < _most_of_one(profile) < len(of_client):
            return replies.TOO_MANY_FROM_CLIENT
        is_full = 0 < profile.max_connections < self._connections
        if is_full and not self._make_room(len(of_client)):
            return replies.TOO_MANY_CONNECTIONS
        return None

    def disconnected(self, connection: Admitted, client: str | None) -> None:
        """Forget a connection, and its client if that was counted in."""
        self._connections -= 1
        if client is None:
            return
        del self._by_client[client][connection]
        if not self._by_client[client]:
            del self._by_client[client]

    def _make_room(self, held: int) -> bool:
        """Have the client with the most connections give one up that is idle.

        held: how many the newcomer has, which is not to have more in the end
        """
        most = max(self._by_client.values(), key=len)
        if len(most) <= held:
            return False
        idlest = max(most, key=lambda connection: connection.idle())
        if idlest.idle() < _IDLE:
            return False
        idlest.give_way()
        return True


def _most_of_one(profile: Profile) -> int:
    """Return how many connections a client may have; 0: any number."""
    if profile.max_connections_per_client is not None:
        return profile.max_connections_per_client
    # A tenth is left to other clients.
    many = profile.max_connections >= _MANY
    return profile.max_connections * 9 // 10 if many else 0
