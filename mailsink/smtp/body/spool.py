"""Holds the octets of a body: in memory up to a threshold, then in a file."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from weakref import WeakSet

from mailsink.smtp.protocol.events import Body

_LARGE = 64 * 1024  # octets; a body up to this size can always stay in memory
_TOGETHER = 128 * 1024 * 1024  # octets that all larger bodies may have in memory
_large: WeakSet[Spool] = WeakSet()  # the large spools of this process


class Spool:
    """Holds a body: in memory up to a threshold, then in a file; never beyond a limit.

    The caller must run `spill` in a thread once `full` is true, and `sync` before
    `body` if `on_disk`. A write error is kept in `error`, and the octets are dropped.
    """

    def __init__(self, limit: int, threshold: int, folder: Path) -> None:
        self.size = 0  # octets of the body, spooled or not
        self.error: OSError | None = None
        self._limit = limit
        self._threshold = threshold
        self._folder = folder
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._kept = 0
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    @property
    def full(self) -> bool:
        """Whether the octets in memory must go to the file now."""
        if self._waiting <= min(self._threshold, _LARGE):
            return False
        share = max(_LARGE, _TOGETHER // (len(_large) or 1))
        return 0 < min(self._threshold, share) < self._waiting

    @property
    def on_disk(self) -> bool:
        return self._file is not None

    def add(self, content: bytes) -> None:
        """Take a piece of the body."""
        self.size += len(content)
        if self._limit and self._kept + len(content) > self._limit:
            content = content[: self._limit - self._kept]
        if content and self.error is None:
            self._pieces.append(content)
            self._waiting += len(content)
            self._kept += len(content)
            if self._kept > _LARGE:
                _large.add(self)

    def spill(self) -> None:
        """Write the octets in memory to the file, durably; blocks."""
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        try:
            file = self._file or self._open()
            for piece in pieces:
                self._hash.update(piece)
                file.write(piece)
            # Sync in small steps: other commits wait until a sync has written its data.
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            self.error = error
            self.discard()

    def sync(self) -> None:
        """Write everything to the file, durably; blocks."""
        self.spill()
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            self.error = error
            self.discard()

    def body(self, ended: bool) -> Body:
        """Return the body. ended: its end was received; else it is incomplete."""
        complete = ended and self._kept == self.size
        if self._path is not None:
            return Body(self._kept, self._hash.hexdigest(), complete, path=self._path)
        content = b"".join(self._pieces)
        digest = hashlib.sha256(content).hexdigest()
        return Body(self._kept, digest, complete, content)

    def discard(self) -> None:
        """Remove the file, if there is one; blocks."""
        if self._file is not None and self._path is not None:
            with suppress(OSError):  # closing writes again, which fails on a full disk
                self._file.close()
            self._path.unlink(missing_ok=True)
            self._file = None

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="body-", dir=self._folder)
        self._path = Path(name)
        self._hash = hashlib.sha256()
        self._file = os.fdopen(handle, "wb")
        return self._file
