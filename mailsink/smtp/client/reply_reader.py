"""Reads the replies of a server: octets in, replies out (RFC 5321 §4.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailsink.text import readable

_LONGEST_LINE = 4 * 1024  # octets; RFC 5321 §4.5.3.1.5 has 512
_MOST_LINES = 200
_MOST_OCTETS = 1024 * 1024  # held at a time
_MOST_RECORDED = 64 * 1024  # characters of a reply; an octet that is no text is \xNN
_LINE = re.compile(rb"([2-5][0-5][0-9])([ -]?)(.*)", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


class BadReply(Exception):
    """The server sent no readable reply; the text says what it sent."""


class PeerReply(NamedTuple):
    """A reply of the server."""

    code: int
    enhanced: str  # of the last line; "" if it has none, or one of another class
    lines: tuple[str, ...]  # whole, readable, without their ends

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the lines without the codes."""
        return tuple(line[4:] for line in self.lines)

    @property
    def text(self) -> str:
        """Return the whole reply as one line, as delivery reports show it."""
        return " ".join((self.lines[0], *(line[4:] for line in self.lines[1:])))


class ReplyReader:
    """Cuts the octets from a server into replies; bounded for any input."""

    __slots__ = ("_lines", "_octets", "_recorded", "_scanned")

    def __init__(self) -> None:
        self._octets = bytearray()
        self._scanned = 0
        self._lines: list[str] = []
        self._recorded = 0

    def append(self, octets: bytes) -> None:
        """Take octets from the server, no more than _MOST_OCTETS can hold."""
        self._octets += octets[: _MOST_OCTETS + 1 - len(self._octets)]

    def clear(self) -> None:
        """Drop the unread octets, as STARTTLS demands (RFC 3207 §4.2)."""
        self._octets.clear()
        self._lines.clear()
        self._scanned = self._recorded = 0

    def next(self) -> PeerReply | None:
        """Return the next reply, or None until it is complete; raises BadReply."""
        if len(self._octets) > _MOST_OCTETS:
            raise BadReply("The server sends endless replies.")
        while (line := self._next_line()) is not None:
            match = _LINE.fullmatch(line)
            if match is None:
                raise BadReply(f"This is not an SMTP reply: {readable(line[:200])}")
            if self._lines and not self._lines[0].startswith(match[1].decode()):
                raise BadReply(f"The code changed within a reply: {readable(line)}")
            self._lines.append(readable(line))
            self._recorded += len(self._lines[-1])
            if self._recorded > _MOST_RECORDED:
                raise BadReply(f"A reply is longer than {_MOST_RECORDED} characters.")
            if match[2] != b"-":
                return self._whole(int(match[1]))
            if len(self._lines) >= _MOST_LINES:
                raise BadReply(f"A reply has more than {_MOST_LINES} lines.")
        return None

    def _whole(self, code: int) -> PeerReply:
        lines, self._lines, self._recorded = tuple(self._lines), [], 0
        match = _ENHANCED.match(lines[-1][4:])
        enhanced = match[1] if match and int(match[1][0]) == code // 100 else ""
        return PeerReply(code, enhanced, lines)

    def _next_line(self) -> bytes | None:
        at = self._octets.find(b"\n", self._scanned)
        if max(at, len(self._octets) if at < 0 else 0) > _LONGEST_LINE:
            raise BadReply(f"A line of a reply is longer than {_LONGEST_LINE} octets.")
        if at < 0:
            self._scanned = len(self._octets)
            return None
        line = bytes(self._octets[:at]).removesuffix(b"\r")
        del self._octets[: at + 1]
        self._scanned = 0
        return line
