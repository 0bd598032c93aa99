"""A backup of a data folder with SQLite: one file, consistent while mail arrives.

The file is a tar archive: the database, the bodies next to it, the secret key and the
certificate, and at its end a manifest with the SHA-256 of each. Restoring refuses files
that do not match the manifest.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from inbox.models import Raw
from inbox.storage import body_store
from inbox.upkeep.stored_bodies import BodyCheck
from mailsink import __version__

FORMAT = 1
DATABASE, MANIFEST = "mailsink.sqlite3", "manifest.json"
# The other files of the data folder that cannot be made again.
KEPT_FILES = ("secret-key", "tls-cert.pem", "tls-key.pem")
RAW = "raw/"


class Incomplete(Exception):
    """No backup is possible; the text is for the user."""


def back_up(database: Path, data: Path, target: Path) -> BodyCheck:
    """Write a backup of a database and of its data folder; a server may be running.

    The file appears once it is complete, and other users cannot read it. A body whose
    file retention removed meanwhile is missing in the backup, too; bodies in object
    storage stay there. Raises Incomplete, OSError.
    """
    if not database.is_file():
        raise Incomplete(f"{str(database)!r} is not a database yet")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder,
            open(draft, "xb", opener=_private) as file,
        ):
            copy = Path(folder) / DATABASE
            _copy(database, copy)
            with tarfile.open(
                fileobj=file, mode="w|", format=tarfile.PAX_FORMAT
            ) as tar:
                check = _Archive(tar).fill(copy, data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return check


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _copy(database: Path, copy: Path) -> None:
    """Copy a database as of one moment: thanks to its log (WAL), no writer waits."""
    try:
        with (
            closing(
                sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
            ) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log
            [answer] = target.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise Incomplete(f"{str(database)!r} cannot be copied: {error}") from None
    if answer != "ok":
        raise Incomplete(f"{str(database)!r} is damaged: {answer}")


class _Archive:
    """Writes the archive, and collects the data for its manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._files: dict[str, dict[str, Any]] = {}

    def fill(self, copy: Path, data: Path) -> BodyCheck:
        """Write everything; return the result of checking the bodies."""
        self._add_file(DATABASE, copy)
        for name in KEPT_FILES:
            if (data / name).is_file():
                self._add_file(name, data / name)
        check = BodyCheck()
        for raw in bodies_of(copy):
            if body_store.object_name(raw.key):
                check.elsewhere += 1
                continue
            octets = check.take(raw)
            if raw.key and octets is not None:
                self._note(f"{RAW}{raw.key}", raw.sha256, len(octets))
                self._add(f"{RAW}{raw.key}", io.BytesIO(octets))
        manifest = {
            "format": FORMAT,
            "version": __version__,
            "made_at": datetime.now(UTC).isoformat(),
            "files": self._files,
        }
        self._add(MANIFEST, io.BytesIO(json.dumps(manifest).encode()))
        return check

    def _add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._note(name, digest, os.fstat(file.fileno()).st_size)
            self._add(name, file)

    def _note(self, name: str, sha256: str, size: int) -> None:
        self._files[name] = {"sha256": sha256, "size": size}

    def _add(self, name: str, file: BinaryIO) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = file.seek(0, os.SEEK_END), 0o600
        member.mtime = int(datetime.now(UTC).timestamp())
        file.seek(0)
        self._tar.addfile(member, file)


def bodies_of(database: Path) -> Iterator[Raw]:
    """Yield the bodies of a database that no other process has open."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as source:
        columns = ("transaction_id", "sha256", "codec", "key", "content")
        rows = source.execute(f"SELECT {', '.join(columns)} FROM inbox_raw")  # noqa: S608
        for row in rows:
            yield Raw(**dict(zip(columns, row, strict=True)))
