"""Admission: limits the sessions of a process, in all and for each client."""

from __future__ import annotations

from collections import Counter

from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

_MANY = 100  # connections in all, from which on no client may hold all of them


class Admission:
    """Counts connections and clients; the listeners of a process share one."""

    def __init__(self) -> None:
        self._connections = 0
        self._by_client: Counter[str] = Counter()

    def connected(self) -> None:
        """Count a connection whose client is not known yet."""
        self._connections += 1

    def admit(self, client: str, profile: Profile) -> Reply | None:
        """Count a connected client in; return the refusal if it is one too many."""
        self._by_client[client] += 1
        if 0 < profile.max_connections < self._connections:
            return replies.TOO_MANY_CONNECTIONS
        most = profile.max_connections_per_client
        if most is None:  # by default a tenth is left to other clients
            many = profile.max_connections >= _MANY
            most = profile.max_connections * 9 // 10 if many else 0
        if 0 < most < self._by_client[client]:
            return replies.TOO_MANY_FROM_CLIENT
        return None

    def disconnected(self, client: str | None) -> None:
        """Forget a connection, and its client if that was counted in."""
        self._connections -= 1
        if client is None:
            return
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]
