"""The files within winmail.dat."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime import tnef
from tests.mime import tnefs

LONG_NAME, MIME_TYPE = 0x3707, 0x370E


def names(octets: bytes) -> list[tuple[str, str, bytes]]:
    return [(each.name, each.content_type, each.octets) for each in tnef.files(octets)]


def test_files_with_short_and_long_names() -> None:
    named = (
        struct.pack("<HH", 0x0B, 0x7FFE) + struct.pack("<I", 1),  # a boolean before it
        struct.pack("<HH", 0x1003, 0x7FFD) + struct.pack("<III", 2, 7, 7),  # two longs
        tnefs.text(
            0x8001, "odd", bytes(16) + struct.pack("<II", 1, 6) + b"odd\0\0\0\0\0"
        ),
        tnefs.text(LONG_NAME, "Angebot für März.pdf"),
        tnefs.text(MIME_TYPE, "Application/PDF"),
    )
    octets = tnefs.stream(
        tnefs.attribute(0x00089006, b"\0\0\1\0"),
        tnefs.file(b"ANGEBO~1.PDF", b"%PDF-1", *named),
        tnefs.file(b"notes.txt", b""),
    )
    assert names(octets) == [
        ("Angebot für März.pdf", "application/pdf", b"%PDF-1"),
        ("notes.txt", "", b""),
    ]


def test_names_are_read_in_the_code_page() -> None:
    page = tnefs.attribute(tnefs.CODE_PAGE, struct.pack("<II", 1251, 0))
    octets = tnefs.stream(page, tnefs.file("счёт.doc".encode("cp1251"), b"x"))
    assert names(octets) == [("счёт.doc", "", b"x")]


@pytest.mark.parametrize("name", [b"..\\..\\a.exe", b"c:/x/a.exe", b"a.exe\0\xff"])
def test_names_are_safe_to_show(name: bytes) -> None:
    assert names(tnefs.stream(tnefs.file(name, b"x"))) == [("a.exe", "", b"x")]


def test_what_is_cut_off_gives_what_is_whole() -> None:
    whole = tnefs.stream(tnefs.file(b"a", b"one"), tnefs.file(b"b", b"two"))
    for length in range(len(whole)):
        found = names(whole[:length])
        assert len(found) <= 2
        assert {octets for _, _, octets in found} <= {b"", b"one", b"two"}
    assert tnef.files(b"no TNEF") == []


def test_files_are_bounded() -> None:
    octets = tnefs.stream(*[tnefs.file(b"a", b"x")] * 1000)
    assert len(tnef.files(octets)) == tnef.MOST


@given(st.binary(max_size=300))
def test_properties_of_any_octets(octets: bytes) -> None:
    data = tnefs.attribute(tnefs.PROPERTIES, octets)
    tnef.files(tnefs.stream(tnefs.file(b"a", b"x"), data, octets))
