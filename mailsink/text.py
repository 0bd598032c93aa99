"""Octets as text that is safe to store and to show, without loss."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

# Each control character, written as its UTF-8 octets.
_ESCAPED = {
    code: "".join(f"\\x{octet:02x}" for octet in chr(code).encode())
    for code in (*range(0x20), *range(0x7F, 0xA0))
}
# A control is shown as its picture (U+2400), so that nothing in a source is hidden.
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_PICTURES = {code: at for code, at in _PICTURES.items() if chr(code) not in "\t\n"}

# A value of the search language that has the same meaning without quotes.
_NEEDS_NO_QUOTES = re.compile(r'(?!-|OR\Z)[^\s:"]+')

# The most marks in a row that any language needs (Unicode, UAX #15 §13).
_MARKS_IN_A_ROW = 30
_LAST_MARK = 0x1FFFF  # no higher character combines with the one before it


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Return a text in a normal form (UAX #15), with long rows of marks cut.

    Sorting a row of marks takes quadratic time, and blocks all threads meanwhile.
    """
    if text.isascii():
        return text
    return unicodedata.normalize(form, _rows_of_marks().sub(r"\1", text))  # noqa: TID251


@cache
def _rows_of_marks() -> re.Pattern[str]:
    """Return the pattern of too long rows of marks, whose group is the kept part."""
    marks = "".join(
        each for each in map(chr, range(0x300, _LAST_MARK + 1)) if is_mark(each)
    )
    return re.compile(f"([{marks}]{{{_MARKS_IN_A_ROW}}})[{marks}]+")


def is_mark(character: str) -> bool:
    """Whether a character consists only of marks, which normalization sorts."""
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))  # noqa: TID251


def readable(octets: bytes) -> str:
    r"""Return octets as UTF-8 text; each undecodable or control octet as \xNN.

    A backslash is doubled, so that the octets can be restored from the text.
    """
    if octets.isascii() and (text := octets.decode("ascii")).isprintable():
        return text.replace("\\", "\\\\")
    text = octets.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return text.translate(_ESCAPED)


def pictured(octets: bytes) -> str:
    r"""Return octets as readable text: controls as pictures, bad UTF-8 as \xNN.

    Lines end in LF.
    """
    text = octets.decode("utf-8", "backslashreplace")
    return text.replace("\r\n", "\n").translate(_PICTURES)


def search_value(text: str) -> str:
    """Return a text as a value of the search language, in quotes if it needs them."""
    if _NEEDS_NO_QUOTES.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
