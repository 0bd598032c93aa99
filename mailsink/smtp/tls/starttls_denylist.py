"""Remembers clients that rejected our self-signed certificate.

Many clients use STARTTLS wherever it is offered, and then reject a self-signed
certificate, so they could not send at all. One session without STARTTLS lets such a
client send in plain text. A client that needs TLS leaves that session without sending;
after that it is always offered STARTTLS. A client is identified by its address and its
EHLO name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

_HOLDS = 3600.0  # seconds
_MOST = 1000  # clients; the oldest entry is dropped first


class Client(NamedTuple):
    """A client as the list identifies it."""

    address: str
    helo: str


class _Known:
    """Clients that are remembered for an hour."""

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
        items = list(self._until.items())  # a copy: another thread may add
        return [client for client, until in items if now < until]


class StarttlsDenylist:
    """The list; the listeners of a process share one. Times are Unix seconds.

    heard: called with each change made here: the name of its method, and the client
    """

    heard: Callable[[str, Client], None] | None = None

    def __init__(self) -> None:
        self._next = _Known()  # whose next session is not offered STARTTLS
        self._needs_tls = _Known()  # who left such a session without sending

    def add(self, client: Client, now: float) -> None:
        """Withhold STARTTLS once from a client that rejected the certificate."""
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
        """Repeat a change that another process made; it is not reported again."""
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
        """Return the changes that turn an empty list into a copy of this one."""
        return [
            *(("add", each) for each in self._next.all(now)),
            *(("note_tls_needed", each) for each in self._needs_tls.all(now)),
        ]

    def _say(self, change: str, client: Client) -> None:
        if self.heard is not None:
            self.heard(change, client)
