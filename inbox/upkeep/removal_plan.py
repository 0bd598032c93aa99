"""A plan of which rows are to go, since finding them takes longer than removing a few."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from inbox.storage.write_lock import ROWS_IN_A_TURN

# Where nothing more was found, looking again takes at most this part of the time.
SHARE = 0.1


class Found(NamedTuple):
    """Ids of rows that are to go, with the number of rows that go with each.

    has_more: there is more, which is found once these are gone
    """

    rows: Sequence[tuple[UUID, int]] = ()
    has_more: bool = False


class RemovalPlan:
    """Rows that are to go: many are found at once, and a turn at a time is removed."""

    def __init__(self) -> None:
        self._rows: deque[tuple[UUID, int]] = deque()
        self._due = 0.0  # monotonic seconds, when it is looked for again

    def turn(
        self, find: Callable[[], Found], remove: Callable[[list[UUID]], int]
    ) -> int:
        """Remove a turn's worth; return how many went, 0 where nothing is to go.

        remove: of the first ids, leaves what is to stay by now, and returns how many went
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
        """Look for rows, unless that was done a moment ago; whether there are any."""
        began = time.monotonic()
        if began >= self._due:
            found = find()
            self._rows.extend(found.rows)
            if not found.has_more:
                ended = time.monotonic()
                self._due = ended + (ended - began) / SHARE
        return bool(self._rows)
