"""A plan of the rows to remove, since finding them takes longer than removing a few."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from inbox.storage.write_lock import ROWS_IN_A_TURN

# If no more rows were found, searching again takes at most this part of the time.
SHARE = 0.1


class Found(NamedTuple):
    """Ids of rows to remove, with the number of rows that are removed with each.

    has_more: there are more, which are found once these are removed
    """

    rows: Sequence[tuple[UUID, int]] = ()
    has_more: bool = False


class RemovalPlan:
    """Rows to remove: many are found at once, and removed a turn at a time."""

    def __init__(self) -> None:
        self._rows: deque[tuple[UUID, int]] = deque()
        self._due = 0.0  # monotonic seconds of the next search

    def turn(
        self, find: Callable[[], Found], remove: Callable[[list[UUID]], int]
    ) -> int:
        """Remove a turn's worth; return the number of rows, 0 if there were none.

        remove: removes the first ids, except those that must stay now, and returns the
        number
        """
        while self._rows or self._find(find):
            first = self._first()
            if gone := remove(first):
                return gone
            for _ in first:
                self._rows.popleft()
        return 0

    def _first(self) -> list[UUID]:
        """Return a turn's worth of ids, at least one."""
        ids: list[UUID] = []
        total = 0
        for id, rows in self._rows:
            total += rows
            if ids and total > ROWS_IN_A_TURN:
                break
            ids.append(id)
        return ids

    def _find(self, find: Callable[[], Found]) -> bool:
        """Search for rows; return whether there are any.

        It does not search if the last search was a moment ago.
        """
        began = time.monotonic()
        if began >= self._due:
            found = find()
            self._rows.extend(found.rows)
            if not found.has_more:
                ended = time.monotonic()
                self._due = ended + (ended - began) / SHARE
        return bool(self._rows)
