"""Octets as text that is safe to store and to show, losing nothing."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

# Each control character, as its octets in UTF-8 are written.
_ESCAPED = {
    code: "".join(f"\\x{octet:02x}" for octet in chr(code).encode())
    for code in (*range(0x20), *range(0x7F, 0xA0))
}
# A control is shown as its picture (U+2400), so that nothing in a source hides.
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_PICTURES = {code: at for code, at in _PICTURES.items() if chr(code) not in "\t\n"}

# A value of the search language that means the same without quotes.
_NEEDS_NO_QUOTES = re.compile(r'(?!-|OR\Z)[^\s:"]+')

# Marks in a row that any language has use for (Unicode, UAX #15 §13).
_MARKS_IN_A_ROW = 30
_LAST_MARK = 0x1FFFF  # no character above combines with one before it


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Return a text in a normal form (UAX #15), long rows of marks without their rest.

    Marks in a row are put in order in quadratic time, and meanwhile no thread goes on.
    """
    if text.isascii():
        return text
    return unicodedata.normalize(form, _rows_of_marks().sub(r"\1", text))  # noqa: TID251


@cache
def _rows_of_marks() -> re.Pattern[str]:
    """Return what finds rows of marks that are too long; its group is what may stay."""
    marks = "".join(
        each for each in map(chr, range(0x300, _LAST_MARK + 1)) if is_mark(each)
    )
    return re.compile(f"([{marks}]{{{_MARKS_IN_A_ROW}}})[{marks}]+")


def is_mark(character: str) -> bool:
    """Whether a character consists of marks alone, which are put in order in a row."""
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))  # noqa: TID251


def readable(octets: bytes) -> str:
    r"""Return octets as UTF-8 text; each undecodable or control octet as \xNN.

    A backslash becomes two, so that the octets can be restored from the text.
    """
    if octets.isascii() and (text := octets.decode("ascii")).isprintable():
        return text.replace("\\", "\\\\")
    text = octets.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return text.translate(_ESCAPED)


def pictured(octets: bytes) -> str:
    r"""Return octets as text that can be read: controls as pictures, bad UTF-8 as \xNN.

    Lines end in LF.
    """
    text = octets.decode("utf-8", "backslashreplace")
    return text.replace("\r\n", "\n").translate(_PICTURES)


def search_value(text: str) -> str:
    """Return a text as a value of the search language: in quotes, where it needs them."""
    if _NEEDS_NO_QUOTES.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
