"""Reads the messages of an mbox one after another: RFC 4155, quoted as mboxrd.

Every line that begins with "From " begins a message. A line that begins with ">", ">>"
and so on before "From " loses one ">". The empty line at the end of a message belongs
to the file. The time is linear for any octets; only one message is held, up to its
limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailsink.text import readable

_PIECE = 64 * 1024  # octets that are read at a time
_LONGEST_SENDER = 320  # octets
_FROM = b"From "
# Patterns search whole pieces, as there may be millions of lines.
_BEGINNING = re.compile(rb"^From ", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*+From )", re.MULTILINE)


class NotMbox(ValueError):
    """The file does not begin like an mbox."""


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """A message. octets: None if it is too large; sender: from the line "From "."""

    octets: bytes | None
    size: int
    sender: str = ""


def split(read: Callable[[int], bytes], most: int = 0) -> Iterator[MboxMessage]:
    """Yield the messages of an mbox. most: octets of one; 0: no limit. Raises NotMbox.

    read: takes a number of octets, and returns at most that many; b"" at the end
    """
    current: _Message | None = None
    in_head = False
    for piece, at_start in _pieces(read):
        at = 0
        if not at_start:  # the remainder of a line
            at = piece.find(b"\n") + 1 or len(piece)
            if not in_head:
                _add(current, piece[:at])
            in_head = in_head and not piece.endswith(b"\n", 0, at)
        while at < len(piece):
            found = _BEGINNING.search(piece, at)
            end = found.start() if found else len(piece)
            _add(current, _QUOTED.sub(rb"\1", piece[at:end]))
            at = end
            if found is None:
                continue
            if current is not None:
                yield current.ended()
            at = piece.find(b"\n", end) + 1 or len(piece)
            current = _Message(piece[end:at], most)
            in_head = not piece.endswith(b"\n", 0, at)
    if current is not None:
        yield current.ended()


def _pieces(read: Callable[[int], bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield whole lines, or a part of a long line; and whether a line begins there."""
    rest, at_start = b"", True
    while octets := read(_PIECE):
        rest += octets
        end = rest.rfind(b"\n") + 1
        if not end and len(rest) >= _PIECE:
            end = len(rest)
        if end:
            yield rest[:end], at_start
            at_start = rest.endswith(b"\n", 0, end)
            rest = rest[end:]
    if rest:
        yield rest, at_start


def _add(message: _Message | None, octets: bytes) -> None:
    """Add octets to a message.

    Before the first message only empty lines are allowed.
    """
    if message is not None:
        message.add(octets)
    elif octets.strip():
        raise NotMbox('an mbox begins with a line "From …"')


class _Message:
    """A message that is being read."""

    def __init__(self, head: bytes, most: int) -> None:
        words = head[len(_FROM) :].split(None, 1)
        self._sender = readable(words[0][:_LONGEST_SENDER]) if words else ""
        self._most = most
        self._octets = bytearray()
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._is_too_large(self._size - 2):  # the file's own line end
            self._octets.clear()
        else:
            self._octets += piece

    def ended(self) -> MboxMessage:
        octets = self._octets
        tail = b"\n" + octets[-3:]
        for line_end in (b"\r\n", b"\n"):
            if tail.endswith(b"\n" + line_end):
                del octets[-len(line_end) :]
                break
        if self._is_too_large(self._size - 2) or self._is_too_large(len(octets)):
            return MboxMessage(None, self._size, self._sender)
        return MboxMessage(bytes(octets), len(octets), self._sender)

    def _is_too_large(self, size: int) -> bool:
        return 0 < self._most < size
