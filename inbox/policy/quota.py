"""The size of an inbox, kept in memory for the event loop."""

from __future__ import annotations

import time

from inbox.mailbox import inboxes

# Counting takes at most this part of the time; it reads a row for each message.
_SHARE = 0.05


class Usage:
    """The octets in an inbox: those counted, and those admitted since.

    Octets that were admitted but not committed at the time of the count are missing
    until the next count, so a quota is exceeded by no more than what was in flight
    then. Deleted messages make room at the next count: within a second, or if counting
    takes long, within twenty times its duration.
    """

    def __init__(self, inbox_id: int) -> None:
        self._inbox = inbox_id
        self._let_in = 0  # in total, by this process
        self._counted = (0, 0)  # octets, and the value of _let_in at the count
        self._due = 0.0  # monotonic seconds

    @property
    def octets(self) -> int:
        """The octets in the inbox, and those on their way into it."""
        counted, let_in = self._counted
        return counted + self._let_in - let_in

    def let_in(self, octets: int) -> None:
        """Note that a message of this size is on its way in."""
        self._let_in += octets

    def count(self) -> None:
        """Count again in the database, unless the last count was a moment ago."""
        began = time.monotonic()
        if began < self._due:
            return
        let_in = self._let_in
        self._counted = (inboxes.used_octets(self._inbox), let_in)
        ended = time.monotonic()
        self._due = ended + (ended - began) / _SHARE
