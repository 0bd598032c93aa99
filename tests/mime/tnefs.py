"""Makes winmail.dat files (MS-OXTNEF), as Outlook writes them."""

from __future__ import annotations

import struct

FILE_BEGINS, TITLE, DATA, PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
CODE_PAGE = 0x00069007


def stream(*attributes: bytes) -> bytes:
    """Return a stream of attributes."""
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def attribute(name: int, data: bytes) -> bytes:
    """Return an attribute of a file."""
    checksum = sum(data) % 65536
    return (
        b"\x02"
        + struct.pack("<II", name, len(data))
        + data
        + struct.pack("<H", checksum)
    )


def properties(*entries: bytes) -> bytes:
    """Return an attribute of properties."""
    return attribute(PROPERTIES, struct.pack("<I", len(entries)) + b"".join(entries))


def text(name: int, value: str, before: bytes = b"") -> bytes:
    """Return a property of Unicode text; before: what a named one has before it."""
    octets = (value + "\0").encode("utf-16le")
    padding = bytes(-len(octets) % 4)
    return (
        struct.pack("<HH", 0x1F, name) + before + struct.pack("<II", 1, len(octets))
        + octets + padding
    )  # fmt: skip


def file(title: bytes, data: bytes, *described: bytes) -> bytes:
    """Return the attributes of a file."""
    return (
        attribute(FILE_BEGINS, bytes(14)) + attribute(TITLE, title + b"\0")
        + attribute(DATA, data) + (properties(*described) if described else b"")
    )  # fmt: skip
