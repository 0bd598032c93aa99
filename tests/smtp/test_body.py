"""Where a body ends, what it holds, and what is odd about it, in any pieces."""

from __future__ import annotations

import hashlib
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.smtp.body.framing import Framer
from mailsink.smtp.body.inspector import Inspector
from mailsink.smtp.body.spool import Spool
from tests.smtp.harness import ENVELOPE, ready

END = b"\r\n.\r\n"
# Octets that are near to an end of data.
tricky = st.lists(
    st.sampled_from(
        [
            *(b"\r", b"\n", b"\r\n", b".", b"..", b"\0", b"a", b"MAIL FROM:<x>"),
            *(b"\xe9", b"x" * 998, b"x" * 1001),
            b"content-transfer-ENCODING:\t Binary",
        ]
    ),
    max_size=30,
).map(b"".join)
cuts = st.lists(st.integers(0, 4000), max_size=12)


def _pieces(octets: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(octets), *(place % (len(octets) + 1) for place in places)})
    return [octets[a:b] for a, b in pairwise(edges)]


def _received(pieces: list[bytes]) -> tuple[bytes, bytes, bool, set[str]]:
    """Return (content, what came after the end, whether it ended, flags)."""
    framer, inspector = Framer(), Inspector()
    content, after = b"", b""
    for octets in pieces:
        if framer.ended:
            after += octets
            continue
        piece, used = framer.feed(octets)
        inspector.look(piece)
        content += piece.content
        after += octets[used:]
    if not framer.ended:
        piece = framer.rest()
        inspector.look(piece)
        content += piece.content
    return content, after, framer.ended, inspector.flags


def _by_the_book(octets: bytes) -> tuple[bytes, bytes, bool]:
    """The same by RFC 5321 §4.5.2, line by line."""
    content, rest = b"", octets
    while True:
        line, crlf, after = rest.partition(b"\r\n")
        if not crlf:
            return content + (line[1:] if line.startswith(b".") else line), b"", False
        if line == b".":
            return content, after, True
        content += (line[1:] if line.startswith(b".") else line) + crlf
        rest = after


@given(tricky, cuts)
def test_any_pieces_give_what_the_book_says(octets: bytes, places: list[int]) -> None:
    content, after, ended, flags = _received(_pieces(octets, places))
    assert (content, after, ended) == _by_the_book(octets)
    assert flags == _received([octets])[3]


@given(st.binary(max_size=300), cuts)
def test_what_is_stuffed_comes_out_whole(body: bytes, places: list[int]) -> None:
    body += b"\r\n"
    stuffed = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
    content, after, ended, _ = _received(_pieces(stuffed + b"QUIT\r\n", places))
    assert (content, after, ended) == (body, b"QUIT\r\n", True)


SMUGGLING = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r",
    b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n.\r\r\n",
]  # fmt: skip


@pytest.mark.parametrize("sequence", SMUGGLING)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_nothing_else_ends_a_body(sequence: bytes, size: int) -> None:
    octets = b"hello" + sequence + b"MAIL FROM:<admin@example.com>\r\nx" + END
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    content, _, ended, flags = _received(pieces)
    assert ended
    assert b"MAIL FROM:<admin@example.com>\r\nx\r\n" in content
    assert "smuggling_pattern" in flags


@pytest.mark.parametrize("verb", [b"MAIL", b"ehlo"])
def test_a_stuffed_dot_is_no_smuggling(verb: bytes) -> None:
    flags = _received([b"bare\nhere\r\n..\r\n" + verb + b" x" + END])[3]
    assert flags == {"bare_lf_data"}


@pytest.mark.parametrize(
    ("octets", "flags"),
    [
        (b"plain\r\n\r\ntext", set()),
        (b"a\nb", {"bare_lf_data"}),
        (b"a\rb", {"bare_cr_data"}),
        (b"a\r\r\nb", {"bare_cr_data"}),
        (b"a\0b", {"nul_octet"}),
        (b"Content-Transfer-Encoding: binary", {"binary_undeclared"}),
        (b"a\r\nCONTENT-transfer-encoding:Binary;x", {"binary_undeclared"}),
        (b"a\r\nContent-Transfer-Encoding: binaryish", set()),
        (b"A Content-Transfer-Encoding: binary", set()),
        (b"x: y\r\n\r\ncaf\xc3\xa9", {"eightbit_in_7bit"}),
        (b"x: y\n\ncaf\xc3\xa9", {"bare_lf_data", "eightbit_in_7bit"}),
        (b"x: y\n\nz\r\n\r\ncaf\xc3\xa9", {"bare_lf_data", "eightbit_in_7bit"}),
        (b"\r\ncaf\xc3\xa9", {"eightbit_in_7bit"}),
        (b"x: caf\xc3\xa9\r\n\r\ny", {"eightbit_in_7bit", "eightbit_header"}),
        (
            b"x: caf\xc3\xa9\n\ny",
            {"bare_lf_data", "eightbit_in_7bit", "eightbit_header"},
        ),
        (b"x: caf\xc3\xa9", {"eightbit_in_7bit", "eightbit_header"}),
        (b"x" * 998, set()),
        (b"x" * 999, {"long_line"}),
        (b"." + b"." * 998, set()),
        (b"a\r\n" + b"x" * 998 + b"\r\nb", set()),
        (b"a\r\n" + b"x" * 999 + b"\r\nb", {"long_line"}),
    ],
)
@pytest.mark.parametrize("size", [1, 100, 5000])
def test_flags(octets: bytes, flags: set[str], size: int) -> None:
    octets += END
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    assert _received(pieces)[3] == flags


@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize(("longest", "over"), [(9, True), (10, False)])
def test_a_limit_of_lines(size: int, longest: int, over: bool) -> None:
    framer, inspector = Framer(), Inspector(longest)
    octets = b"short\r\n..2345678\r\nshort" + END  # 10 octets without the stuffed dot
    for at in range(0, len(octets), size):
        inspector.look(framer.feed(octets[at : at + size])[0])
    assert inspector.overlong is over


def test_empty_body() -> None:
    assert _received([b".\r\n"]) == (b"", b"", True, set())


class TestStore:
    def test_memory(self, tmp_path: Path) -> None:
        store = Spool(100, 1000, tmp_path)
        store.add(b"abc")
        assert not store.full
        body = store.body(ended=True)
        assert (body.content, body.path, body.complete) == (b"abc", None, True)
        assert body.sha256 == hashlib.sha256(b"abc").hexdigest()

    def test_a_file_is_synced_part_by_part(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []

        def fsync(handle: int) -> None:
            synced.append(os.fstat(handle).st_size)

        monkeypatch.setattr(os, "fsync", fsync)
        store = Spool(0, 1, tmp_path)
        store.add(b"abc")
        store.spill()
        store.add(b"def")
        store.sync()
        assert synced == [3, 6]  # each part when it is spilled, at last all of it

    def test_file(self, tmp_path: Path) -> None:
        store = Spool(0, 10, tmp_path)
        for _ in range(3):
            store.add(b"0123456789a")
            assert store.full
            store.spill()
        store.add(b"end")
        store.sync()
        body = store.body(ended=True)
        expected = b"0123456789a" * 3 + b"end"
        assert body.path is not None
        assert body.path.read_bytes() == expected
        assert body.sha256 == hashlib.sha256(expected).hexdigest()
        assert (body.size, body.complete, body.content) == (36, True, None)

    def test_no_more_than_the_limit_is_stored(self, tmp_path: Path) -> None:
        store = Spool(10, 0, tmp_path)
        store.add(b"12345678")
        store.add(b"90abc")
        store.add(b"def")
        body = store.body(ended=True)
        assert (body.content, body.size) == (b"1234567890", 10)
        assert not body.complete
        assert store.size == 16

    def test_discard_removes_the_file(self, tmp_path: Path) -> None:
        store = Spool(0, 1, tmp_path)
        store.add(b"abc")
        store.spill()
        store.discard()
        assert list(tmp_path.iterdir()) == []

    def test_a_write_error_is_kept_and_the_file_removed(self, tmp_path: Path) -> None:
        folder = tmp_path / "file"
        folder.write_bytes(b"not a folder")
        store = Spool(0, 1, folder)
        store.add(b"abc")
        store.spill()
        assert isinstance(store.error, OSError)
        store.add(b"more")
        assert not store.full
        assert not store.on_disk


@pytest.mark.parametrize(
    ("octets", "undoubled"),
    [
        (b"plain\r\n..doubled\r\n...\r\n", 0),
        (b"..", 0),
        (b".first\r\n", 1),
        (b"a\r\n.b\r\n.c\r\n..d\r\n", 2),
        (b"a.\r\nb\n.c", 0),  # no line of its own, as CRLF alone ends one
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_with_one_dot_in_front_are_counted(
    octets: bytes, undoubled: int, size: int
) -> None:
    framer, wire = Framer(), octets + END
    for at in range(0, len(wire), size):
        framer.feed(wire[at : at + size])
    assert framer.ended
    assert framer.undoubled == undoubled


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\n.\r"],
)
@pytest.mark.parametrize("text", [b"", b"Subject: x\n\nHi"])
def test_a_body_that_hangs_behind_a_wrong_end_is_explained(
    text: bytes, end: bytes
) -> None:
    session = ready()
    session.send(ENVELOPE + b"DATA\r\n")
    session.send(text + end)
    session.tick(0.6)
    assert "wrong_end_of_data" not in session.last.flags
    session.tick(0.6)
    assert session.last.flags == {"wrong_end_of_data"}
    session.send(b"\r\n.\r\n")
    assert "wrong_end_of_data" in session.last.flags


@pytest.mark.parametrize("text", [b"Hi", b"Hi.\n", b"..\n", b"a\n.b\n", b"\r\n"])
def test_a_body_that_only_pauses_is_not(text: bytes) -> None:
    session = ready()
    session.send(ENVELOPE + b"DATA\r\n")
    session.send(text)
    session.tick(1.2)
    assert "wrong_end_of_data" not in session.last.flags
