"""Remembers clients that rejected our self-signed certificate.

Many a client takes STARTTLS wherever it is offered, and then rejects a self-signed
certificate: it could not send at all. One session without STARTTLS lets it send in plain
text. A client that needs TLS leaves that session without sending; from then on it is
always offered STARTTLS. A client is known by its address and the name of its EHLO.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

_HOLDS = 3600.0  # seconds
_MOST = 1000  # clients; the one known for longest is dropped first


class Client(NamedTuple):
    """A client, as the list knows it."""

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


class StarttlsDenylist:
    """The list; the listeners of a process share one. Times are Unix seconds.

    heard: called with each change that was made here: the name of its method, the client
    """

    heard: Callable[[str, Client], None] | None = None

    def __init__(self) -> None:
        self._next = _Known()  # whose next session does without STARTTLS
        self._needs_tls = _Known()  # left such a session without having sent

    def add(self, client: Client, now: float) -> None:
        """Withhold STARTTLS from a client that left because of the certificate."""
        self._say("add", client)
        if not self._needs_tls.has(client, now):
            self._next.add(client, now)

    def pop(self, client: Client, now: float) -> bool:
        """Return whether to withhold STARTTLS from this session; the next is offered it."""
        known = self._next.has(client, now)
        if self._next.remove(client):
            self._say("remove_next", client)
        return known

    def note_tls_needed(self, client: Client, now: float) -> None:
        """Remember a client that sent nothing without STARTTLS: it needs TLS."""
        self._say("note_tls_needed", client)
        self._needs_tls.add(client, now)

    def clients(self, now: float) -> list[Client]:
        """Return the clients whose next session is not offered STARTTLS."""
        return self._next.all(now)

    def remove(self, client: Client) -> bool:
        """Offer STARTTLS to a client again; return whether it was withheld."""
        self._say("remove", client)
        self._needs_tls.remove(client)
        return self._next.remove(client)

    # Several processes

    def take(self, change: str, client: Client, now: float) -> None:
        """Make a change that another process has made; nobody hears of it."""
        match change:
            case "add":
                if not self._needs_tls.has(client, now):
                    self._next.add(client, now)
            case "note_tls_needed":
                self._needs_tls.add(client, now)
            case "remove":
                self._needs_tls.remove(client)
                self._next.remove(client)
            case "remove_next":
                self._next.remove(client)

    def changes(self, now: float) -> list[tuple[str, Client]]:
        """Return the changes that make an empty list like this one."""
        return [
            *(("add", each) for each in self._next.all(now)),
            *(("note_tls_needed", each) for each in self._needs_tls.all(now)),
        ]

    def _say(self, change: str, client: Client) -> None:
        if self.heard is not None:
            self.heard(change, client)
