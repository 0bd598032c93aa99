"""Base64 with something behind it, and what is said of that."""

from __future__ import annotations

import base64
import time

import pytest

from mailsink.mime import transfer

LONG = base64.encodebytes(b"x" * 200 + b"end").replace(b"\n", b"\r\n")
WHOLE = base64.encodebytes(b"y" * 114).replace(b"\n", b"\r\n")  # full lines, no padding


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"aGVsbG8=\r\nSent by the list\r\n", b"hello"),
        (b"aGVsbG8=\r\n\r\n-- \r\nUnsubscribe\r\n", b"hello"),
        (b"aGVsbG8=\r\nUnsubscribe\r\nhttps://lists.example.org", b"hello"),
        (b"aGVsbG8=\r\nList\r\nhttps://lists.example.org", b"hello"),
        (b"aGVsbG8h\r\n_______\r\nchoir mailing list\r\n", b"hello!"),
        (b"aGVsbG8h\n\nSent from my telephone", b"hello!"),
        (LONG + b"=" * 60 + b"\r\nThe members of the choir\r\n", b"x" * 200 + b"end"),
        (LONG + b"Regards,\r\nAnn\r\n", b"x" * 200 + b"end"),
        (WHOLE + b"\r\nYou get this as you are on the list.\r\n", b"y" * 114),
        # what is no text behind it
        (b"aG!Vs*bG8=", b"hello"),
        (b"aG\r\n!Vs\r\nbG8=", b"hello"),
        (b"aGVs bG8g d29y bGQ=", b"hello world"),
        (b"aGVsbG8=\r\n" + LONG, b"hello" + b"x" * 200 + b"end"),
        (LONG.replace(b"eHh4", b"e?Hh$4", 1), b"x" * 200 + b"end"),
        (LONG[:-2] + b" \t\r\n\r\n", b"x" * 200 + b"end"),
        (b"YQ==\r\nYg==\r\nYw==", b"abc"),
        (b"\r\n\r\n YWJj\r\n", b"abc"),
    ],
)
def test_base64(octets: bytes, decoded: bytes) -> None:
    assert transfer.base64(octets) == decoded


def test_text_behind_base64_is_a_defect() -> None:
    said = "Plain text follows the base64, and is left out"
    assert transfer.base64_defect(LONG + b"-- \r\nThe list\r\n") == said
    assert transfer.base64_defect(LONG) == ""


@pytest.mark.parametrize(
    "piece", [b"a\n", b"a b\n", b"=", b"=\n", b"!\n", b"+" * 60 + b"\n", b" ", b"a" * 41 + b"! "]
)  # fmt: skip
def test_time_is_linear(piece: bytes) -> None:
    began = time.process_time()
    transfer.base64(piece * (5_000_000 // len(piece)))
    assert time.process_time() - began < 5
