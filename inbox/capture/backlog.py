"""The rows that wait, in commits of bounded size: messages first, then the rest in turn.

A client that pipelines thousands of commands fills many commits with its lines; it must
not hold up the message of another. The order of each session's rows is kept. Used by the
recorder's thread only, except for the two figures.
"""

from __future__ import annotations

from uuid import UUID

from inbox.capture.batch import Batch

# Octets that are as long to write as a row: a commit of long lines has fewer of them.
_OCTETS_OF_A_ROW = 4096


class Backlog:
    """The rows that wait, by session where there are many.

    rows, octets: how much waits
    """

    def __init__(self, most: int) -> None:
        """most: rows in a commit, about."""
        self.rows = 0
        self.octets = 0
        self._most = most
        self._whole = Batch()  # all, while they fit into one commit
        self._parts: dict[UUID, Batch] = {}

    def add(self, batch: Batch) -> None:
        """Take in what came after the rest."""
        if not self.rows and _weight(batch) <= self._most:
            self._whole = batch
        else:
            self._spread()
            for session, part in batch.by_session():
                self._parts.setdefault(session, Batch()).put_before(part)
        self._count()

    def put_back(self, batch: Batch) -> None:
        """Take in what came before the rest: its commit failed."""
        self._spread()
        for session, part in batch.by_session():
            part.put_before(self._parts.get(session, Batch()))
            self._parts[session] = part
        self._count()

    def forget(self, session: UUID) -> Batch:
        """Let go of a session's rows; return them."""
        self._spread()
        part = self._parts.pop(session, Batch())
        self._count()
        return part

    def take(self) -> Batch:
        """Return the rows of the next commit; empty where nothing waits."""
        batch, self._whole = self._whole, Batch()
        parts = self._parts
        # Stable: who has waited longest goes first.
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
                    # What cannot be divided has the next commit, for itself.
                    self._parts = {session: part, **parts}
                    break
            batch.put_before(part)
        self._count()
        return batch

    def _spread(self) -> None:
        """Go on by session."""
        batch, self._whole = self._whole, Batch()
        for session, part in batch.by_session():
            self._parts[session] = part

    def _count(self) -> None:
        waiting = (self._whole, *self._parts.values())
        self.rows = sum(map(len, waiting))
        self.octets = sum(each.octets for each in waiting)


def _weight(batch: Batch) -> int:
    """Return for how many rows a batch counts in a commit."""
    return len(batch) + batch.octets // _OCTETS_OF_A_ROW
