"""The octets received but not yet used, cut into command lines.

Remembers when each octet arrived, and keeps only the first octets of a line that is too
long. The time is linear in the octets received, however they are cut into pieces.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

# A client that sends single octets to a busy server must not fill the memory with
# times.
_MOST_MARKS = 1000
_LONGEST = 1024 * 1024  # octets held of a line, for any limit


class Line(NamedTuple):
    """One command line."""

    content: bytes  # without its end; the first octets of a line that is too long
    octets: int  # as received, line end included
    received_us: int  # when its last octet arrived
    bare_lf: bool  # ended with LF instead of CRLF
    too_long: bool


class InputBuffer:
    """A queue of octets. `limit` is the longest line, CRLF included; 0: 1 MiB."""

    __slots__ = ("_end", "_head", "_last_us", "_limit", "_marks", "_octets", "_scanned",
                 "_start")  # fmt: skip

    def __init__(self, limit: int) -> None:
        self._limit = min(limit or _LONGEST, _LONGEST)
        self._octets = bytearray()
        self._start = 0  # position in the whole stream of the first octet held
        self._end = 0
        self._last_us = 0  # when the last octets arrived
        self._marks: deque[tuple[int, int]] = deque()  # (end, time) of earlier octets
        self._scanned = 0
        self._head: tuple[bytes, int] | None = None  # start, octets of an overlong line

    def __len__(self) -> int:
        return len(self._octets)

    def append(self, octets: bytes, now_us: int) -> None:
        """Take octets that arrived now."""
        if self._octets and len(self._marks) < _MOST_MARKS:
            self._marks.append((self._end, self._last_us))
        self._octets += octets
        self._end += len(octets)
        self._last_us = now_us

    def startswith(self, prefix: bytes) -> bool:
        return self._octets.startswith(prefix)

    def peek(self, most: int) -> bytes:
        """Return the first octets, at most `most`, without using them."""
        if len(self._octets) <= most:
            return bytes(self._octets)
        with memoryview(self._octets) as view:  # avoids a copy
            return bytes(view[:most])

    def use(self, count: int) -> int:
        """Drop the first octets.

        Return when the last of them arrived, in microseconds.
        """
        del self._octets[:count]
        self._start += count
        self._scanned = 0
        marks = self._marks
        while marks:
            end, time_us = marks[0]
            if end > self._start:
                return time_us
            marks.popleft()
            if end == self._start:
                return time_us
        return self._last_us

    def line(self) -> Line | None:
        """Return the next command line and drop it, or None until it is complete."""
        at = self._octets.find(b"\n", self._scanned)
        if at < 0:
            if len(self._octets) > self._limit:
                self._cut()
            self._scanned = len(self._octets)
            return None
        if self._head or at >= self._limit:
            return self._overlong(at)
        bare = not at or self._octets[at - 1] != 13
        content = bytes(self._octets[: at if bare else at - 1])
        return Line(content, at + 1, self.use(at + 1), bare, False)

    def _cut(self) -> None:
        """Keep the start of an overlong line, and only count its other octets."""
        start, octets = self._head or (self.peek(self._limit), 0)
        self._head = (start, octets + len(self._octets))
        self.use(len(self._octets))

    def _overlong(self, at: int) -> Line:
        start, octets = self._head or (self.peek(self._limit), 0)
        self._head = None
        return Line(start, octets + at + 1, self.use(at + 1), False, True)
