"""JSON whose files are taken out before it is parsed.

Python's JSON parser, and its patterns, block the whole process while they work. So they
get little input: long base64 texts bypass them, a piece at a time.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterator

from inbox.api.plain_answers import PlainError

MOST = 2 * 1024 * 1024  # octets of JSON, apart from files
TOO_LARGE = "http: request body too large"
_LONG = 4096  # octets of a text that counts as a file
_BASE64 = (
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    b"-_;:,."  # at the beginning of a data: URL
)
# Characters that PHP and .NET escape without need
_ESCAPES = ((rb"\/", b"/"), (rb"\u002B", b"+"), (rb"\u002b", b"+"), (rb"\u002F", b"/"))
_PIECE = 1024 * 1024
_LINES = 57 * 16 * 1024  # octets that end with a complete line of base64


class TooLargeJson(PlainError):
    """The JSON is larger than is parsed at once."""

    def __init__(self) -> None:
        super().__init__(TOO_LARGE, 413)


def without_files(given: bytes) -> tuple[bytes, list[bytes]]:
    """Return JSON with a number in place of each file, and the files in base64.

    Raises TooLargeJson.
    """
    pieces: list[bytes] = []
    files: list[bytes] = []
    size = 0
    for text in _between_quotes(given):
        is_file = len(text) >= _LONG and _is_content(pieces)
        plain = _as_base64(text) if is_file else None
        if plain is not None:
            text = _name(len(files))
            files.append(plain)
        size += len(text) + 1
        if size > MOST:
            raise TooLargeJson
        pieces.append(text)
    return b'"'.join(pieces), files


def taken_out(content: str, files: list[bytes]) -> bytes | None:
    """Return the base64 that a number stands for; None if the text is not such a number."""
    for number, each in enumerate(files):
        if content == _name(number).decode():
            return each
    return None


def _is_content(before: list[bytes]) -> bool:
    """Whether a text is the value of a key "Content".

    before: the texts between previous quotes
    """
    return [each.strip().lower() for each in before[-2:]] == [b"content", b":"]


def _name(number: int) -> bytes:
    return b"a file that was taken out: %d" % number


def _between_quotes(given: bytes) -> Iterator[bytes]:
    start = 0
    while (end := given.find(b'"', start)) >= 0:
        yield given[start:end]
        start = end + 1
    yield given[start:]


def _as_base64(text: bytes) -> bytes | None:
    """Return a text without its escapes if it consists of base64 only."""
    pieces = []
    for escaped, plain in _ESCAPES:
        if escaped in text:
            text = text.replace(escaped, plain)
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        if piece.translate(None, _BASE64):
            return None
        pieces.append(piece)
    return b"".join(pieces)


def decoded(base64: bytes) -> bytes:
    """Return the octets of base64, which may follow the comma of a data: URL.

    Raises ValueError.
    """
    text = base64.rpartition(b",")[2]
    pieces = []
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]  # of complete groups of four
        if b"=" in piece and start + _PIECE < len(text):
            raise Error("Excess data after padding")
        pieces.append(a2b_base64(piece, strict_mode=True))
    return b"".join(pieces)


def lines(octets: bytes) -> bytes:
    """Return octets as base64, in lines that end with CRLF (RFC 2045 §6.8)."""
    found: list[bytes] = []
    for start in range(0, len(octets), _LINES):
        piece = octets[start : start + _LINES]
        for at in range(0, len(piece), 57):
            found.append(b2a_base64(piece[at : at + 57], newline=False))
    return b"\r\n".join(found)
