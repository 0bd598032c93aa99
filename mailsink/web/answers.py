"""Limits the octets of all answers that wait for slow clients."""

from __future__ import annotations

from typing import Protocol

MOST = 64 * 1024 * 1024  # octets; a single answer may be larger


class Client(Protocol):
    """A connection that is being answered."""

    def give_up(self) -> None:
        """Close the connection, which takes nothing of a large answer."""


class Answers:
    """Counts the octets held of each client's answer.

    Above the limit, the client that has taken nothing for longest is closed.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: dict[Client, int] = {}  # first: longest without taking any
        self._all = 0

    def hold(self, client: Client, octets: int) -> None:
        """Note the octets held for a client, which has just taken some."""
        self.let_go(client)
        self._held[client] = octets
        self._all += octets
        while self._all > self._most and len(self._held) > 1:
            first = next(iter(self._held))
            self.let_go(first)
            first.give_up()

    def let_go(self, client: Client) -> None:
        """Forget the octets held for a client."""
        self._all -= self._held.pop(client, 0)
