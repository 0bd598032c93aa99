"""Makes a data folder from a backup, completely or not at all (backing_up.py writes it)."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from inbox.storage import body_store
from inbox.upkeep import backup_schema
from inbox.upkeep.backing_up import (
    DATABASE,
    FORMAT,
    KEPT_FILES,
    MANIFEST,
    RAW,
    Incomplete,
    bodies_of,
)
from inbox.upkeep.stored_bodies import BodyCheck, check_bodies

_MOST_OF_A_MANIFEST = 64 * 1024 * 1024  # octets
_PIECE = 1024 * 1024  # octets
_KEYS = "SELECT key FROM inbox_raw WHERE key <> ''"


def restore(source: Path, database: Path, data: Path) -> BodyCheck:
    """Restore a backup into a data folder that has no database yet.

    The database comes last, so that its existence shows that all else is there. No
    other process may use the folder. Raises Incomplete, OSError.
    """
    if database.exists():
        raise Incomplete(
            f"{str(database)!r} already exists: set MAILSINK_DATA to a new folder, or "
            "move this folder away"
        )
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as folder:
        found = _unpack(source, Path(folder))
        _refuse_foreign(Path(folder) / DATABASE)
        for name in found:
            if name.startswith(RAW):
                body_store.put_back(Path(folder) / name, name.removeprefix(RAW))
        check = _checked(Path(folder) / DATABASE)
        for name in KEPT_FILES:
            if name in found:
                (Path(folder) / name).replace(data / name)
        for log in ("-wal", "-shm"):
            database.with_name(f"{database.name}{log}").unlink(missing_ok=True)
        (Path(folder) / DATABASE).replace(database)
    descriptor = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return check


def _checked(database: Path) -> BodyCheck:
    """Check the bodies of a restored database. Raises Incomplete."""
    try:
        return check_bodies(bodies_of(database), objects=False)
    except sqlite3.Error as error:
        raise _no_database(error) from None


def _no_database(error: sqlite3.Error) -> Incomplete:
    return Incomplete(f"the database in the backup is not a database: {error}")


def _refuse_foreign(database: Path) -> None:
    """Raise Incomplete if a database has content that no Mailsink put there.

    Its schema would affect everything that is stored later, rows that break its
    constraints would go unnoticed, and a body's key could lead to a foreign file.
    """
    try:
        # In a database opened read-only, SQLite does not check CHECK constraints.
        with closing(sqlite3.connect(database)) as source:
            source.execute("PRAGMA query_only = ON")
            if words := backup_schema.difference(source):
                raise Incomplete(f"the database in the backup {words}")
            [answer] = source.execute("PRAGMA integrity_check(1)").fetchone()
            if answer != "ok":
                raise Incomplete(f"the database in the backup is damaged: {answer!r}")
            for (key,) in source.execute(_KEYS):
                if not (isinstance(key, str) and body_store.is_key(key)):
                    words = f"a body in the backup has the key {key!r:.60}, which is not a key of Mailsink"
                    raise Incomplete(words)
    except sqlite3.Error as error:
        raise _no_database(error) from None


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Write the files of a backup into a folder; return their entries in the manifest.

    Raises Incomplete unless it has exactly these files, unchanged.
    """
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(source, "r|") as tar:
            # a stream cannot be larger than the file
            for member in tar:
                file = tar.extractfile(member)
                if file is None or member.issparse() or not _is_ours(member.name):
                    raise Incomplete(f"{member.name!r} does not belong in a backup")
                if member.name == MANIFEST:
                    manifest = json.loads(file.read(_MOST_OF_A_MANIFEST))
                else:
                    found[member.name] = _write(file, folder / member.name)
    except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:
        raise Incomplete(f"{str(source)!r} is not a complete backup: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Incomplete(
            f"{str(source)!r} is not a complete backup, or a newer Mailsink wrote it"
        )
    if manifest.get("files") != found or DATABASE not in found:
        raise Incomplete(f"{str(source)!r} does not match its manifest: it was changed")
    return found


def _is_ours(name: str) -> bool:
    ours = (DATABASE, MANIFEST, *KEPT_FILES)
    key = name.removeprefix(RAW)
    is_file = key != name and not body_store.object_name(key)
    return name in ours or (is_file and body_store.is_key(key))


def _write(file: Any, path: Path) -> dict[str, Any]:
    """Write a file durably; return its SHA-256 and size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(path, "xb", opener=_private) as written:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            written.write(piece)
        written.flush()
        os.fsync(written.fileno())
    return {"sha256": digest.hexdigest(), "size": size}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
