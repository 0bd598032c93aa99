"""The files in winmail.dat, Outlook's format (MS-OXTNEF). Never raises; linear time.

This is our own reader: tnefparse, the only maintained library, has the LGPL, which this
project does not accept. It reads only files and their names.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mailsink.mime import charsets
from mailsink.mime.part_header import display_name

MOST = 200  # files
_SIGNATURE = b"\x78\x9f\x3e\x22"
_MOST_PROPERTIES = 1000  # of a file

# Attributes (MS-OXTNEF §2.1.3.3), without their types
_FILE_BEGINS, _TITLE, _DATA, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_CODE_PAGE = 0x9007
# Properties (MS-OXPROPS), and the types of text properties
_SHORT_NAME, _LONG_NAME, _DISPLAY_NAME, _MIME_TYPE = 0x3704, 0x3707, 0x3001, 0x370E
_ANSI, _UNICODE = 0x1E, 0x1F
_VARIABLE = frozenset((0x0D, _ANSI, _UNICODE, 0x102))
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}


@dataclass(slots=True)
class TnefFile:
    """A file. name: safe to show, "" if it has none; content_type: "" if none is given."""

    name: str = ""
    content_type: str = ""
    octets: bytes = b""


def is_tnef(octets: bytes) -> bool:
    """Whether octets are of this format."""
    return octets.startswith(_SIGNATURE)


def files(octets: bytes) -> list[TnefFile]:
    """Return the first MOST files; if the stream is cut off, the complete ones."""
    found: list[TnefFile] = []
    code_page = "windows-1252"
    for name, data in _attributes(octets):
        if name == _CODE_PAGE and len(data) >= 4:
            code_page = _codec(int.from_bytes(data[:4], "little"))
        elif name == _FILE_BEGINS:
            if len(found) >= MOST:
                break
            found.append(TnefFile())
        elif found and name == _DATA:
            found[-1].octets = data
        elif found and name == _TITLE:
            found[-1].name = found[-1].name or display_name(_text(data, code_page))
        elif found and name == _PROPERTIES:
            _describe(found[-1], data, code_page)
    return found


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the name and the value of each complete attribute (§2.1.3.2)."""
    at = len(_SIGNATURE) + 2  # after the key
    while is_tnef(octets) and at + 9 <= len(octets):
        _, name, _, length = struct.unpack_from("<BHHI", octets, at)
        at += 9
        if at + length > len(octets):
            return
        yield name, octets[at : at + length]
        at += length + 2  # with the checksum


def _describe(file: TnefFile, data: bytes, code_page: str) -> None:
    """Set a file's name and type from its properties."""
    texts: dict[int, str] = {}
    for name, kind, value in _properties(data):
        codec = "utf-16le" if kind == _UNICODE else code_page
        if kind in (_ANSI, _UNICODE):
            texts.setdefault(name, _text(value, codec))
    names = (texts.get(each) for each in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
    file.name = next(filter(None, map(display_name, filter(None, names))), file.name)
    file.content_type = texts.get(_MIME_TYPE, file.content_type).lower()


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the name, type and value of the readable properties (§2.1.3.4)."""
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            kind, name = struct.unpack_from("<HH", data, at)
            at = _behind_name(data, at + 4, name)
            values, at = _values(data, at, kind)
            yield name, kind, values[0] if values else b""
    except (struct.error, ValueError):  # cut off, or of an unknown type
        return


def _behind_name(data: bytes, at: int, name: int) -> int:
    """Return the start of a property's value: named properties have more before it."""
    if name < 0x8000:
        return at
    kind, length = struct.unpack_from("<II", data, at + 16)
    return at + 24 + (_padded(length) if kind == 1 else 0)


def _values(data: bytes, at: int, kind: int) -> tuple[list[bytes], int]:
    """Return a property's value, the first of several, and the offset of their end."""
    several, kind = bool(kind & 0x1000), kind & ~0x1000
    count = 1
    if several or kind in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    if kind not in _VARIABLE:
        if kind not in _FIXED:
            raise ValueError(kind)
        return [], at + count * _FIXED[kind]
    found: list[bytes] = []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        if not found:
            found.append(data[at + 4 : at + 4 + length])
        at += 4 + _padded(length)
    return found, at


def _padded(length: int) -> int:
    return length + -length % 4


def _codec(number: int) -> str:
    name = f"cp{number}"
    return name if charsets.codec(name) else "windows-1252"


def _text(octets: bytes, codec: str) -> str:
    """Return text that ends in NUL, on one line."""
    return charsets.line(charsets.decode(octets, codec).partition("\0")[0])
