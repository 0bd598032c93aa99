"""How much all answers hold together, for as long as their clients do not take them."""

from __future__ import annotations

from typing import Protocol

MOST = 64 * 1024 * 1024  # octets; an answer that is alone may be larger


class Client(Protocol):
    """A connection that is being answered."""

    def give_up(self) -> None:
        """Close it: it takes nothing, and its answer needs too much room."""


class Answers:
    """Counts the octets of each client's answer that are held.

    Where it is too much, the client that took nothing for longest gives up.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: dict[Client, int] = {}  # first: who took nothing for longest
        self._all = 0

    def hold(self, client: Client, octets: int) -> None:
        """Note that so many are held for a client, which has just taken some."""
        self.let_go(client)
        self._held[client] = octets
        self._all += octets
        while self._all > self._most and len(self._held) > 1:
            first = next(iter(self._held))
            self.let_go(first)
            first.give_up()

    def let_go(self, client: Client) -> None:
        """Forget what was held for a client."""
        self._all -= self._held.pop(client, 0)
