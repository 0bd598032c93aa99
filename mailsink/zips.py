"""Zip archives that are written as they are sent: memory holds one file at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import RawIOBase
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mailsink.file_names import split
from mailsink.text import normalized

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest time in ZIP


class _Out(RawIOBase):
    """The stream that a ZipFile writes to. It cannot seek, so sizes follow each file's data."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        octets = bytes(piece)  # type: ignore[call-overload]
        self.pieces.append(octets)
        return len(octets)

    def taken(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


def zipped(files: Iterable[tuple[str, datetime, bytes]]) -> Iterator[bytes]:
    """Yield a zip archive piece by piece. files: the name, time and content of each."""
    out = _Out()
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, at, octets in files:
            moment = max(at.astimezone(UTC), _EPOCH)
            info = ZipInfo(name, moment.timetuple()[:6])
            archive.writestr(info, octets, ZIP_DEFLATED)
            yield out.taken()
    yield out.taken()


def distinct(names: Iterable[str]) -> Iterator[str]:
    """Yield each name, changed if an earlier one is the same: "a.txt", "a (2).txt".

    Many file systems treat names as the same that differ only in case, or in the
    encoding of accents. names: without folders, none of them empty
    """
    given: set[str] = set()
    counts: dict[str, int] = {}
    for each in names:
        stem, ending = split(each)
        first = f"{stem}{ending}"
        name, number = first, counts.get(_key(first), 1)
        while _key(name) in given:
            number += 1
            name = f"{stem} ({number}){ending}"
        counts[_key(first)] = number
        given.add(_key(name))
        yield name


def _key(name: str) -> str:
    return normalized("NFC", name.casefold())
