"""Work that one process does for all: the one that holds a lock of the database."""

from __future__ import annotations

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper


class Leadership:
    """The leadership in some work. It lasts as long as a connection of its own.

    A connection of the pool would take the lock along to the next thread that gets it.
    Processes that do not lead keep theirs, too: they check again every few seconds.
    """

    def __init__(self, lock: int) -> None:
        """lock: the number of PostgreSQL's advisory lock. With SQLite there is one process."""
        self._lock = lock
        self._own: BaseDatabaseWrapper | None = None

    def is_ours(self) -> bool:
        """Return whether this process leads; take the lead if no other process has it.

        Call on one thread only. Raises DatabaseError.
        """
        if connection.vendor != "postgresql":
            return True
        own = self._own = self._own or _outside_of_the_pool()
        try:
            with own.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._lock])
                return bool(cursor.fetchone()[0])
        except Error:
            self.end()  # the next check opens another one
            raise

    def end(self) -> None:
        """Let another process lead. Call on the thread that called is_ours."""
        if self._own is not None:
            self._own.close()


def _outside_of_the_pool() -> BaseDatabaseWrapper:
    own = connection.copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    return own
