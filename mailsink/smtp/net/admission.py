"""Admission: limits the sessions of a machine's SMTP processes, in all and for each client."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from mailsink.one_client import client_of
from mailsink.smtp.net.shared_counts import SharedCounts
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

_MANY = 100  # connections in all, from which on no client may hold all of them
_ALL = ""  # for which all connections are counted
_IDLE = 30.0  # seconds after which a connection may have to give way


class Admitted(Protocol):
    """A connection, as far as its admission goes."""

    def idle(self) -> float:
        """Return for how many seconds nothing has come from the client."""

    def give_way(self) -> None:
        """End the session, and with it the connection."""


class Admission:
    """Counts connections and clients; the listeners of a process share one."""

    def __init__(self, shared: SharedCounts | None = None) -> None:
        """shared: with the other processes that take mail on this machine, if any"""
        self._shared = shared
        self._connections = 0
        self._by_client: defaultdict[str, dict[Admitted, None]] = defaultdict(dict)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._connections

    def connected(self) -> None:
        """Count a connection whose client is not known yet."""
        self._count(_ALL, 1)
        self._connections += 1

    def admit(
        self, connection: Admitted, address: str, profile: Profile
    ) -> Reply | None:
        """Count a connection's client in; return the refusal if it is one too many."""
        client = client_of(address)
        of_client = self._by_client[client]
        of_client[connection] = None
        self._count(client, 1)
        if 0 < _most_of_one(profile) < len(of_client) + self._others(client):
            return replies.TOO_MANY_FROM_CLIENT
        connections = self._connections + self._others(_ALL)
        is_full = 0 < profile.max_connections < connections
        if is_full and not self._make_room(len(of_client)):
            return replies.TOO_MANY_CONNECTIONS
        return None

    def disconnected(self, connection: Admitted, address: str | None) -> None:
        """Forget a connection, and its client if that was counted in."""
        self._connections -= 1
        self._count(_ALL, -1)
        if address is None:
            return
        client = client_of(address)
        self._count(client, -1)
        del self._by_client[client][connection]
        if not self._by_client[client]:
            del self._by_client[client]

    def _count(self, key: str, number: int) -> None:
        if self._shared is not None:
            self._shared.add(key, number)

    def _others(self, key: str) -> int:
        """Return how many the other processes count."""
        return 0 if self._shared is None else self._shared.others(key)

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
