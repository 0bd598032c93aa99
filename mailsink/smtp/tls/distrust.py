"""From whose next session STARTTLS is held back, since the last one ended over our certificate.

Many a client takes STARTTLS wherever it is offered, and then refuses a certificate that
nobody signed: it could not send at all. One session without STARTTLS lets it send in
plain text. A client that needs TLS leaves that session without having sent; from then on
nothing is held back from it. Clients are told apart by address and the name of EHLO.
"""

from __future__ import annotations

from typing import NamedTuple

_HOLDS = 3600.0  # seconds
_MOST = 1000  # clients, of whom the longest known is forgotten first


class Client(NamedTuple):
    """Who is not offered STARTTLS in its next session."""

    address: str
    helo: str


class _Known:
    """Clients that are known to be something for an hour."""

    def __init__(self) -> None:
        self._until: dict[Client, float] = {}

    def add(self, client: Client, now: float) -> None:
        self._until.pop(client, None)
        self._until[client] = now + _HOLDS
        if len(self._until) > _MOST:
            del self._until[next(iter(self._until))]

    def has(self, client: Client, now: float) -> bool:
        return now < self._until.get(client, 0.0)

    def remove(self, client: Client) -> bool:
        return self._until.pop(client, None) is not None

    def all(self, now: float) -> list[Client]:
        items = list(self._until.items())  # at once: another thread may add
        return [client for client, until in items if now < until]


class Distrust:
    """The clients; the listeners of a process share one. Times are Unix seconds."""

    def __init__(self) -> None:
        self._next = _Known()  # whose next session does without STARTTLS
        self._needs_tls = _Known()  # left such a session without having sent

    def note(self, client: Client, now: float) -> None:
        """A client left because of the certificate."""
        if not self._needs_tls.has(client, now):
            self._next.add(client, now)

    def take(self, client: Client, now: float) -> bool:
        """Whether this session of a client does without STARTTLS; its next one will not."""
        known = self._next.has(client, now)
        self._next.remove(client)
        return known

    def left(self, client: Client, now: float) -> None:
        """A client left a session without STARTTLS, and sent nothing: it needs TLS."""
        self._needs_tls.add(client, now)

    def clients(self, now: float) -> list[Client]:
        """Return those whose next session does without STARTTLS."""
        return self._next.all(now)

    def forget(self, client: Client) -> bool:
        """Have a client be offered STARTTLS again; return whether it would not have been."""
        self._needs_tls.remove(client)
        return self._next.remove(client)
