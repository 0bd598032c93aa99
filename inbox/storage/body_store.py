"""The octets of bodies: in the database, or for large ones in STORAGES["raw"]."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from inbox.models import Raw


def storage() -> Storage:
    """Return the storage of large bodies."""
    return storages["raw"]


def read(raw: Raw) -> bytes:
    """Return a body's octets. Raises FileNotFoundError if its file is gone."""
    if raw.key:
        with storage().open(raw.key) as file:
            return bytes(file.read())
    content = bytes(raw.content or b"")
    return zlib.decompress(content) if raw.codec == "zlib" else content


def read_start(raw: Raw, octets: int) -> bytes:
    """Return the first octets of a body, without reading more of a large one."""
    if raw.key:
        with storage().open(raw.key) as file:
            return bytes(file.read(octets))
    content = bytes(raw.content or b"")
    if raw.codec == "zlib":
        return zlib.decompressobj().decompress(content, octets)
    return content[:octets]


def open_raw(transaction_id: UUID) -> bytes:
    """Return the octets of a transaction's body. Raises Raw.DoesNotExist."""
    return read(Raw.objects.get(transaction_id=transaction_id))


def adopt(path: Path, transaction_id: UUID) -> str:
    """Move a synced file into the storage and return its key, durably.

    Blocks while it moves, or uploads. Raises OSError, or what the storage raises.
    """
    key = f"{transaction_id.hex[-2:]}/{transaction_id.hex}"
    store = storage()
    if isinstance(store, FileSystemStorage):
        _move(path, Path(store.path(key)))
        return key
    with path.open("rb") as file:
        key = store.save(key, File(file))
    path.unlink()
    return key


def _move(path: Path, target: Path) -> None:
    fresh = not target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    _sync_folder(target.parent)
    if fresh:
        _sync_folder(target.parent.parent)


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
