"""The waiting rows, in commits of limited size: messages first, then other rows in turn.

A client that pipelines thousands of commands fills many commits with its lines; it must
not delay another client's message. The order of each session's rows is kept. Only the
recorder's thread uses the backlog, except for the two figures.
"""

from __future__ import annotations

from uuid import UUID

from inbox.capture.batch import Batch

# Octets that take as long to write as a row: a commit of long lines has fewer rows.
_OCTETS_OF_A_ROW = 4096


class Backlog:
    """The waiting rows, by session if there are many.

    rows, octets: the amount that waits
    """

    def __init__(self, most: int) -> None:
        """most: the approximate maximum of rows in a commit"""
        self.rows = 0
        self.octets = 0
        self._most = most
        self._whole = Batch()  # all rows, while they fit into one commit
        self._parts: dict[UUID, Batch] = {}

    def add(self, batch: Batch) -> None:
        """Add rows after those that wait."""
        if not self.rows and _weight(batch) <= self._most:
            self._whole = batch
        else:
            self._spread()
            for session, part in batch.by_session():
                self._parts.setdefault(session, Batch()).put_before(part)
        self._count()

    def put_back(self, batch: Batch) -> None:
        """Put the rows of a failed commit back, before those that wait."""
        self._spread()
        for session, part in batch.by_session():
            part.put_before(self._parts.get(session, Batch()))
            self._parts[session] = part
        self._count()

    def forget(self, session: UUID) -> Batch:
        """Remove a session's rows, and return them."""
        self._spread()
        part = self._parts.pop(session, Batch())
        self._count()
        return part

    def take(self) -> Batch:
        """Return the rows of the next commit; empty if no row waits."""
        batch, self._whole = self._whole, Batch()
        parts = self._parts
        # The sort is stable: the session that has waited longest goes first.
        for session in sorted(parts, key=lambda each: not parts[each].messages):
            room = self._most - _weight(batch)
            if room <= 0:
                break
            part = parts.pop(session)
            if (weight := _weight(part)) > room:
                first = part.cut(max(1, room * len(part) // weight))
                if len(first):
                    parts[session] = part  # behind the others
                    part = first
                elif len(batch):
                    # A batch that cannot be divided gets the next commit alone.
                    self._parts = {session: part, **parts}
                    break
            batch.put_before(part)
        self._count()
        return batch

    def _spread(self) -> None:
        """Distribute the rows among their sessions."""
        batch, self._whole = self._whole, Batch()
        for session, part in batch.by_session():
            self._parts[session] = part

    def _count(self) -> None:
        waiting = (self._whole, *self._parts.values())
        self.rows = sum(map(len, waiting))
        self.octets = sum(each.octets for each in waiting)


def _weight(batch: Batch) -> int:
    """Return the weight of a batch in a commit, in rows."""
    return len(batch) + batch.octets // _OCTETS_OF_A_ROW
