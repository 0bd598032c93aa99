"""Copies large bodies, which are files or objects, to the place of the other Mailsink."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from django.core.files.base import File

from inbox.models import Raw
from inbox.moving.ends import SOURCE, CannotMove
from inbox.storage import body_store

if TYPE_CHECKING:
    from inbox.storage.object_storage import ObjectStorage

_PIECE = 1024 * 1024  # octets


@dataclass(slots=True)
class Bodies:
    """The target of large bodies, and the progress.

    folder: for files; objects: the storage for all bodies, or where objects stay. into:
    "" keeps the kind of each body, else "folder" or "objects"
    """

    folder: Path
    objects: ObjectStorage | None
    into: str = ""
    copied: int = 0
    stayed: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def new_key(self, key: str) -> str:
        """Return the key of a body in the target."""
        if not key:
            return ""
        name = body_store.object_name(key) or key
        is_object = name != key if not self.into else self.into == "objects"
        return body_store.key_of_object(name) if is_object else name

    def copy(self, say: Callable[[str, int, int], None]) -> None:
        """Copy all bodies that do not stay. Raises CannotMove, OSError."""
        rows = Raw.objects.using(SOURCE).exclude(key="")
        total = rows.count()
        kept = rows.values_list("pk", "key", "sha256").order_by()
        for done, (id, key, digest) in enumerate(kept.iterator(chunk_size=200), 1):
            try:
                found = self._take(key)
            except FileNotFoundError:
                self.missing.append(str(id))
            else:
                if found != digest:
                    self.damaged.append(str(id))
            say("large bodies", done, total)

    def _take(self, key: str) -> str:
        """Copy a body unless it stays, and return its hash. Raises OSError, CannotMove."""
        if not body_store.is_key(key):  # it could lead to a foreign file
            raise CannotMove(
                f"a body has the key {key!r:.120}, which is not a key of Mailsink"
            )
        new = self.new_key(key)
        with body_store.open_stored(key) as file:
            if self._stays(key, new):
                self.stayed += 1
                return _hash(_pieces(file))
            spool = self.folder.parent / "spool"  # leftovers there are swept
            spool.mkdir(exist_ok=True)
            with NamedTemporaryFile(dir=spool, delete=False) as draft:
                digest = _hash(_written(_pieces(file), draft))
                draft.flush()
                os.fsync(draft.fileno())
        path = Path(draft.name)
        try:
            there = self._put(path, new)
        finally:
            path.unlink(missing_ok=True)
        if there != digest:
            raise CannotMove(f"the copy of the body {key} differs from it")
        self.copied += 1
        return digest

    def _stays(self, key: str, new: str) -> bool:
        if key != new:
            return False
        if body_store.object_name(key):
            here = body_store.objects()
            return bool(here and self.objects and here.store == self.objects.store)
        return self.folder.resolve() == body_store.folder().resolve()

    def _put(self, path: Path, key: str) -> str:
        """Put a file under its key; return the hash of the readable result."""
        if name := body_store.object_name(key):
            if self.objects is None:
                raise CannotMove(
                    "some bodies are objects: --raw-to must name their new place"
                )
            with path.open("rb") as file:
                self.objects.save(name, File(file))
            with self.objects.open(name) as stored:
                return _hash(_pieces(stored))
        body_store.move_file(path, self.folder / key)
        with (self.folder / key).open("rb") as moved:
            return _hash(_pieces(moved))


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _written(pieces: Iterator[bytes], file: Any) -> Iterator[bytes]:
    for piece in pieces:
        file.write(piece)
        yield piece


def _hash(pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
