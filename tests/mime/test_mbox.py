"""Messages out of an mbox (mboxrd), one after the other."""

from __future__ import annotations

import io
import time
import tracemalloc

import pytest

from mailsink.mime.mbox import NotMbox, split


def read(octets: bytes, most: int = 0) -> list[bytes | None]:
    return [each.octets for each in split(io.BytesIO(octets).read, most)]


def test_messages_end_before_the_next_line_from() -> None:
    octets = (
        b"From a@x Sat Nov 28\nSubject: 1\n\nHi.\n\nFrom b@x Sat\nSubject: 2\n\nYo.\n\n"
    )
    assert read(octets) == [b"Subject: 1\n\nHi.\n", b"Subject: 2\n\nYo.\n"]
    assert [each.sender for each in split(io.BytesIO(octets).read)] == [
        "a@x",
        "b@x",
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_and_quotes(end: bytes) -> None:
    lines = [
        b"From a@x",
        b"Subject: 1",
        b"",
        b">From here",
        b">>From there",
        b"> From",
        b"a >From b",
        b"",
    ]
    body = [b"Subject: 1", b"", b"From here", b">From there", b"> From", b"a >From b"]
    assert read(end.join(lines) + end) == [end.join(body) + end]


def test_what_a_writer_left_out() -> None:
    assert read(b"From a\nA: b\n\nHi") == [b"A: b\n\nHi"]
    assert read(b"From a\nA: b\nFrom b\nC: d\n") == [b"A: b\n", b"C: d\n"]
    assert read(b"From a\n\n\n") == [b"\n"]
    assert read(b"From a\nFrom b\n") == [b"", b""]
    assert read(b"\n\nFrom a\nA: b\n") == [b"A: b\n"]
    assert read(b"") == []


@pytest.mark.parametrize("octets", [b"Subject: 1\n\nHi.\n", b"\x00", b">From a\n"])
def test_what_is_no_mbox(octets: bytes) -> None:
    with pytest.raises(NotMbox):
        read(octets)


def test_large_ones_are_passed_over() -> None:
    octets = b"From a\n" + b"x" * 300_000 + b"\n\nFrom b\nA: b\n\n"
    assert read(octets, 1000) == [None, b"A: b\n"]
    assert read(b"From a\n12345\n\n", 6) == [b"12345\n"]
    assert read(b"From a\n12345\n\n", 5) == [None]


def test_long_lines_stay_whole() -> None:
    line = b"y" * 200_000
    assert read(b"From " + line + b"\n" + line + b"From x\n") == [line + b"From x\n"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_it_does_not_matter_how_it_is_read(size: int) -> None:
    octets = (
        b"\n \nFrom a@x Sat\r\nA: b\r\n\r\n>From c\r\n>>From d\r\n\r\nFrom b\n\n"
        b"From \nFrom\n From e\nxFrom f\n>\n>From"
    )
    file = io.BytesIO(octets)
    found = list(split(lambda _: file.read(size)))
    assert found == list(split(io.BytesIO(octets).read))
    assert [each.octets for each in found] == [
        b"A: b\r\n\r\nFrom c\r\n>From d\r\n",
        b"",
        b"From\n From e\nxFrom f\n>\n>From",
    ]


def test_hostile_ones_take_linear_time() -> None:
    began = time.process_time()
    for octets in (
        b"From a\n" + b">" * 1_000_000,
        b"From a\n" + b">From \n" * 150_000,
        b"From a\n" * 150_000,
        b"From a\n" + b"\n" * 1_000_000,
    ):
        read(octets, 250_000)
    assert time.process_time() - began < 3  # where 1,000,000 lines took 4 each


def test_short_lines_take_no_more_memory_than_long_ones() -> None:
    for line in (b"\n", b"a\n"):
        octets = b"From a\n" + line * (400_000 // len(line))
        readline = io.BytesIO(octets).read
        tracemalloc.start()
        try:
            (message,) = split(readline)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert message.octets
        assert peak < 3 * len(octets)
