"""Checks that SQLite's file is still the same as at the start.

A file that is removed while it is open can still be written, but vanishes with the
process: a 250 for a message in it would be a false promise.
"""

from __future__ import annotations

import os

from django.db import OperationalError, connection


class StoredFile:
    """The file of the database, identified by its device and inode."""

    def __init__(self) -> None:
        self._path = (
            str(connection.settings_dict["NAME"])
            if connection.vendor == "sqlite"
            else ""
        )
        self._found = self._identity()
        self._gone = False

    def check(self) -> None:
        """Raise OperationalError if the file is gone or is another one.

        All later calls raise it, too: a file that is put back may lack the content of
        the write-ahead log (-wal).
        """
        self._gone = self._gone or self._identity() != self._found
        if self._gone:
            raise OperationalError(
                f"the database file {self._path!r} was removed or replaced while "
                "Mailsink was running: restore it, and start Mailsink again"
            )

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino
