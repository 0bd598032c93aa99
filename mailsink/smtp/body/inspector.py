"""Finds oddities of a body by counting in each piece, without splitting it into lines.

The same octets give the same flags however they are cut into pieces.
"""

from __future__ import annotations

import re

from mailsink.smtp.body.framing import Piece

_LONGEST_LINE = 1000  # RFC 5321 §4.5.3.1.6, CRLF included

# A part that is allowed only with BODY=BINARYMIME (RFC 3030 §3). The slow pattern runs
# only on a body that contains the hint, which "binary" and "Binary" share: few do.
_BINARY_HINT = b"inary"
_BINARY_PART = re.compile(
    rb"\ncontent-transfer-encoding:[ \t]{0,8}binary[ \t;\r\n]", re.IGNORECASE
)

# A sequence that some servers take for the end of a body, with a command right after
# it. The line ends are possessive, and the lookahead requires a letter: without these,
# a body that consists of dots on separate lines takes twenty times as long.
_SMUGGLED = re.compile(
    rb"[\r\n]\0?\.\0?[\r\n]{1,8}+(?=[A-Za-z])"
    rb"(?:MAIL|RCPT|EHLO|HELO|LHLO|DATA|BDAT|RSET|QUIT|NOOP|VRFY|EXPN|HELP|AUTH|STARTTLS"
    rb"|ETRN|ATRN|TURN|XCLIENT)[ :\r\n]",
    re.IGNORECASE,
)
# A wrong end of data: the client thinks that its message has ended, but only CRLF.CRLF
# ends it.
_WRONG_END = re.compile(rb"[\r\n]\.(?:\r\n|\n|\r)\Z")
_SMUGGLED_LONGEST = 24
_SEARCHED = 64 * 1024  # octets of a body that are searched for binary parts
_TAIL = 48  # octets kept of the previous piece: a match may begin there


class Inspector:
    """Flags the oddities of a body, by counting in each piece.

    limit: the longest line accepted, in octets, CRLF included; 0: no limit.
    """

    __slots__ = (
        "_header_tail",
        "_limit",
        "_limited",
        "_line",
        "_searched",
        "_tail",
        "_watched",
        "flags",
        "overlong",
    )

    def __init__(self, limit: int = 0) -> None:
        self.flags: set[str] = set()
        self.overlong = False  # a line is longer than the limit
        self._limit = limit
        self._limited = 0  # like _line, but compared with the limit
        self._header_tail: bytes | None = b"\n"  # None: past the header
        self._line = 0  # octets of the line that the previous piece left unfinished
        self._searched = 0  # octets searched for a binary part so far
        self._tail = b""  # the last octets so far
        self._watched = 0  # coming octets that may complete a smuggling pattern

    def look(self, part: Piece) -> None:
        """Inspect the next piece."""
        piece = part.wire
        pairs = piece.count(b"\r\n")
        bare_lf = piece.count(b"\n") != pairs
        bare_cr = piece.count(b"\r") != pairs
        nul = b"\0" in piece
        if bare_lf or bare_cr or nul:
            self._note(bare_lf, bare_cr, nul)
            self._search(piece)
            self._watched = _SMUGGLED_LONGEST
        elif self._watched > 0:
            self._search(piece)
            self._watched -= len(piece)
        if not piece.isascii():
            self.flags.add("eightbit_in_7bit")
        self.look_at_header(part.content)
        if self._line >= 0:
            self._line = _unfinished(part.content, self._line, _LONGEST_LINE)
            if self._line < 0:
                self.flags.add("long_line")
        if self._limit and not self.overlong:
            self._limited = _unfinished(part.content, self._limited, self._limit)
            self.overlong = self._limited < 0
        if self._searched < _SEARCHED:
            self._look_for_binary(piece[: _SEARCHED - self._searched])
        if len(piece) < _TAIL:
            piece = self._tail + piece
        self._tail = piece[-_TAIL:]

    def _note(self, bare_lf: bool, bare_cr: bool, nul: bool) -> None:
        if bare_lf:
            self.flags.add("bare_lf_data")
        if bare_cr:
            self.flags.add("bare_cr_data")
        if nul:
            self.flags.add("nul_octet")

    def _look_for_binary(self, piece: bytes) -> None:
        self._searched += len(piece)
        piece = self._tail + piece
        if _BINARY_HINT in piece and _BINARY_PART.search(piece):
            self.flags.add("binary_undeclared")

    def ends_wrongly(self, held: bytes) -> bool:
        """Whether the octets so far end in a dot between line ends other than CRLF.

        held: the octets received after the inspected pieces.
        """
        return bool(_WRONG_END.search(self._tail + held))

    def look_at_header(self, content: bytes) -> None:
        """Flag non-ASCII octets before the empty line, with any kind of line end."""
        if self._header_tail is None:
            return
        octets = self._header_tail + content
        end = octets.find(b"\n\r\n")
        other = octets.find(b"\n\n", 0, end if end >= 0 else len(octets))
        if other >= 0:
            end = other
        if not (octets if end < 0 else octets[:end]).isascii():
            self.flags.add("eightbit_header")
        self._header_tail = octets[-2:] if end < 0 else None

    def _search(self, piece: bytes) -> None:
        if _SMUGGLED.search(self._tail + piece):
            self.flags.add("smuggling_pattern")


def _unfinished(content: bytes, begun: int, longest: int) -> int:
    """Return the octets of the unfinished line at the end; -1: a line is too long.

    begun: the octets of the first line that earlier pieces had. Hops from line end to
    line end, as far as the longest line allowed, instead of visiting each line.
    """
    start = -begun
    while len(content) - start > longest:
        end = content.rfind(b"\n", max(start, 0), start + longest)
        if end < 0:
            return -1
        start = end + 1
    last = content.rfind(b"\n", max(start, 0))
    return len(content) - (last + 1 if last >= 0 else start)
