"""How full an inbox is, kept in memory for the event loop."""

from __future__ import annotations

import time

from inbox.mailbox import inboxes

# Looking takes at most this part of the time; it reads a row for each message.
_SHARE = 0.05


class Usage:
    """How many octets an inbox holds: those counted, and those let in since.

    Octets that were let in but not committed when the count was made are missing until
    the next count, so that a quota is overshot by no more than what was in flight then.
    Messages that people delete make room with the next count: within a second, or, where
    counting takes long, within twenty times as long as it takes.
    """

    def __init__(self, inbox_id: int) -> None:
        self._inbox = inbox_id
        self._let_in = 0  # in all, by this process
        self._counted = (0, 0)  # octets, and what _let_in was when they were counted
        self._due = 0.0  # monotonic seconds

    @property
    def octets(self) -> int:
        """How many octets the inbox holds, and those on their way into it."""
        counted, let_in = self._counted
        return counted + self._let_in - let_in

    def let_in(self, octets: int) -> None:
        """A message of this size is on its way in."""
        self._let_in += octets

    def count(self) -> None:
        """Count again in the database, unless that was done a moment ago."""
        began = time.monotonic()
        if began < self._due:
            return
        let_in = self._let_in
        self._counted = (inboxes.used_octets(self._inbox), let_in)
        ended = time.monotonic()
        self._due = ended + (ended - began) / _SHARE
