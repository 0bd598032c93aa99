"""Limits the sessions of a machine's SMTP processes, in total and for each client."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from mailsink.one_client import client_of
from mailsink.smtp.net.shared_counts import SharedCounts
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

_MANY = 100  # with this limit or more, no client may hold all connections
_ALL = ""  # the key that counts all connections
_IDLE = 30.0  # seconds of silence after which a connection may have to give way


class Admitted(Protocol):
    """A connection as admission sees it."""

    def idle(self) -> float:
        """Return the seconds since the client last sent something."""

    def give_way(self) -> None:
        """End the session and its connection."""


class Admission:
    """Counts connections and clients; the listeners of a process share one."""

    def __init__(self, shared: SharedCounts | None = None) -> None:
        """shared: the counts of all processes that take mail here, if any."""
        self._shared = shared
        self._connections = 0
        self._by_client: defaultdict[str, dict[Admitted, None]] = defaultdict(dict)

    @property
    def connections(self) -> int:
        """The number of connections now."""
        return self._connections

    def connected(self) -> None:
        """Count a connection whose client is not known yet."""
        self._count(_ALL, 1)
        self._connections += 1

    def admit(
        self, connection: Admitted, address: str, profile: Profile
    ) -> Reply | None:
        """Count a connection for its client.

        Return the refusal if a limit is exceeded.
        """
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
        """Forget a connection, and its count for the client if there is one."""
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
        """Return the count of the other processes."""
        return 0 if self._shared is None else self._shared.others(key)

    def _make_room(self, held: int) -> bool:
        """End an idle connection of the client with the most; return whether one ended.

        held: connections of the new one's client, which must not end up with more than
        that
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
    """Return the maximum of connections of one client; 0: no limit."""
    if profile.max_connections_per_client is not None:
        return profile.max_connections_per_client
    # A tenth is left to other clients.
    many = profile.max_connections >= _MANY
    return profile.max_connections * 9 // 10 if many else 0
