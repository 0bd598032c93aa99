"""Work that one process does for all: the one that holds a lock of the database."""

from __future__ import annotations

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper


class Leadership:
    """The lead in some work. It lasts as long as a connection that nothing else uses.

    One of the pool would take the lock along, to whatever thread has it next. Whoever
    does not lead keeps it, too: it looks again every few seconds.
    """

    def __init__(self, lock: int) -> None:
        """lock: the number of PostgreSQL's advisory lock. With SQLite there is one process."""
        self._lock = lock
        self._own: BaseDatabaseWrapper | None = None

    def is_ours(self) -> bool:
        """Whether this process leads; it does from now on, where no other one does.

        Called by one thread. Raises DatabaseError.
        """
        if connection.vendor != "postgresql":
            return True
        own = self._own = self._own or _outside_of_the_pool()
        try:
            with own.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._lock])
                return bool(cursor.fetchone()[0])
        except Error:
            self.end()  # the next look opens another
            raise

    def end(self) -> None:
        """Let another process lead. By the thread that called is_ours."""
        if self._own is not None:
            self._own.close()


def _outside_of_the_pool() -> BaseDatabaseWrapper:
    own = connection.copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    return own
