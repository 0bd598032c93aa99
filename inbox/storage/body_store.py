"""The octets of bodies: in the database, or for large bodies in a file or an object.

Files are in STORAGES["raw"], a folder; objects in STORAGES["objects"], if
MAILSINK_RAW_URL names one. The key shows the kind, so that bodies of both kinds can be
read at any time. Reading raises FileNotFoundError if a body is gone, StoreDown if its
store is unavailable.
"""

from __future__ import annotations

import asyncio
import os
import re
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages

from inbox.models import Raw
from inbox.storage.store_gate import StoreDown
from mailsink.mail_threads import in_mail_thread

if TYPE_CHECKING:  # the import with boto3 takes half a second
    from inbox.storage.object_storage import ObjectStorage

# octets of a body in the database; bodies that Mailsink stores there are far smaller
_MOST_IN_ROW = 64 * 1024 * 1024
_OBJECTS = "objects/"  # the prefix of the keys of objects
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-zA-Z_-][0-9a-zA-Z_.-]{0,99}")
_LONGEST_PUT = 120.0  # seconds that a client waits for its reply
# Separate from the threads of other mail, which must not wait for a slow store
_PUTS = ThreadPoolExecutor(8, "objects")


def folder() -> Path:
    """Return the folder of bodies that are files."""
    return Path(cast(FileSystemStorage, storages["raw"]).location)


def objects() -> ObjectStorage | None:
    """Return the object storage, if there is one."""
    if "objects" not in settings.STORAGES:
        return None
    return cast("ObjectStorage", storages["objects"])


def object_name(key: str) -> str:
    """Return the name of the object that has a key; "" if it is a file."""
    return key.removeprefix(_OBJECTS) if key.startswith(_OBJECTS) else ""


def key_of_object(name: str) -> str:
    """Return the key of an object."""
    return _OBJECTS + name


def is_key(text: str) -> bool:
    """Whether a text is one of our keys, which cannot lead outside the place of bodies."""
    return bool(_NAME.fullmatch(object_name(text) or text))


def trouble() -> str:
    """Return what is wrong with object storage; "" if nothing is, or none is configured."""
    store = objects()
    return store.gate.trouble if store else ""


def read(raw: Raw) -> bytes:
    """Return a body's octets."""
    if name := object_name(raw.key):
        return _objects().whole(name, raw.size)
    if raw.key:
        with storages["raw"].open(raw.key) as file:
            return bytes(file.read())
    content = bytes(raw.content or b"")
    if raw.codec != "zlib":
        return content
    # A few octets from a tampered row could expand to any number.
    return zlib.decompressobj().decompress(content, _MOST_IN_ROW)


def read_start(raw: Raw, octets: int) -> bytes:
    """Return the first octets of a body; of a large body, no more are read."""
    if name := object_name(raw.key):
        return _objects().beginning(name, octets) if octets else b""
    if raw.key:
        with storages["raw"].open(raw.key) as file:
            return bytes(file.read(octets))
    content = bytes(raw.content or b"")
    if raw.codec == "zlib":
        return zlib.decompressobj().decompress(content, octets)
    return content[:octets]


def open_stored(key: str) -> File[bytes]:
    """Return a large body as an open file, to be read in pieces."""
    if name := object_name(key):
        return _objects().open(name)
    return storages["raw"].open(key)


def open_raw(transaction_id: UUID) -> bytes:
    """Return the octets of a transaction's body. Raises Raw.DoesNotExist."""
    return read(Raw.objects.get(transaction_id=transaction_id))


async def store(path: Path, transaction_id: UUID) -> str:
    """Adopt a file on a thread. Raises TimeoutError if object storage takes too long."""
    if objects() is None:
        return await in_mail_thread(adopt, path, transaction_id)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_LONGEST_PUT):
        return await loop.run_in_executor(_PUTS, adopt, path, transaction_id, True)


def adopt(path: Path, transaction_id: UUID, is_awaited: bool = False) -> str:
    """Move a synced file to the place of large bodies, durably, and return its key.

    is_awaited: by a client, for its 250. Blocks during the move or upload. Raises
    OSError.
    """
    name = f"{transaction_id.hex[-2:]}/{transaction_id.hex}"
    if (store := objects()) is None:
        move_file(path, folder() / name)
        return name
    put = store.save_mail if is_awaited else store.save
    with path.open("rb") as file:
        put(name, File(file))
    path.unlink(missing_ok=True)  # the caller may have timed out and removed the file
    return key_of_object(name)


def discard(keys: Iterable[str]) -> None:
    """Remove bodies whose rows are gone; a later sweep removes those that fail now."""
    names = []
    for key in keys:
        if name := object_name(key):
            names.append(name)
        else:
            storages["raw"].delete(key)
    if names:
        with suppress(StoreDown):  # the gate has logged it
            _objects().discard(names)


def _objects() -> ObjectStorage:
    if (store := objects()) is None:
        raise StoreDown("it is not set, but has this body")
    return store


def put_back(path: Path, key: str) -> None:
    """Move a file of a backup to the place of the file with its key. Raises OSError."""
    move_file(path, folder() / key)


def move_file(path: Path, target: Path) -> None:
    """Move a synced file within its file system, durably. Raises OSError."""
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
