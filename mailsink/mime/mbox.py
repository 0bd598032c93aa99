"""Messages out of an mbox, one after the other: RFC 4155, quoted as mboxrd.

Every line that begins with "From " begins a message; a line that begins with ">", ">>"
and so on before "From " loses one ">". The empty line at a message's end is the file's.
Linear in the octets, whatever they are; holds one message, and no more of it than may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailsink.text import readable

_PIECE = 64 * 1024  # octets of a line that are read at once
_LONGEST_SENDER = 320  # octets
_FROM = b"From "
_QUOTED = re.compile(rb">+From ")


class NotMbox(ValueError):
    """The file does not begin as an mbox does."""


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """A message. octets: None where it is too large; sender: of the line "From " """

    octets: bytes | None
    size: int
    sender: str = ""


def split(readline: Callable[[int], bytes], most: int = 0) -> Iterator[MboxMessage]:
    """Yield the messages of an mbox. most: octets of one; 0 is no limit.

    readline: returns the next line, or so many octets of it; b"" at the end.
    Raises NotMbox.
    """
    current: _Message | None = None
    at_start, in_head = True, False
    while piece := readline(_PIECE):
        if at_start and piece.startswith(_FROM):
            if current is not None:
                yield current.ended()
            current, in_head = _Message(piece, most), True
        elif in_head and not at_start:
            pass  # the rest of a long line "From "
        elif current is not None:
            in_head = False
            current.add(piece[1:] if at_start and _QUOTED.match(piece) else piece)
        elif piece.strip():
            raise NotMbox('an mbox begins with a line "From …"')
        at_start = piece.endswith(b"\n")
    if current is not None:
        yield current.ended()


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
