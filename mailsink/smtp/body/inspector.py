"""Finds oddities of a body by counts for each piece, without a look at single lines.

The same octets give the same flags in whatever pieces they come.
"""

from __future__ import annotations

import re

from mailsink.smtp.body.framing import Piece

_LONGEST_LINE = 1000  # RFC 5321 §4.5.3.1.6, CRLF included

# A part that only BODY=BINARYMIME may hold (RFC 3030 §3); looked for only where there
# is what binary and Binary have in common, as few bodies have.
_BINARY_HINT = b"inary"
_BINARY_PART = re.compile(
    rb"\ncontent-transfer-encoding:[ \t]{0,8}binary[ \t;\r\n]", re.IGNORECASE
)

# What some servers take for the end of a body, and a command right behind it. The line
# ends are possessive, and a letter is asked for first: else a body of nothing but dots on
# lines of their own takes twenty times as long.
_SMUGGLED = re.compile(
    rb"[\r\n]\0?\.\0?[\r\n]{1,8}+(?=[A-Za-z])"
    rb"(?:MAIL|RCPT|EHLO|HELO|LHLO|DATA|BDAT|RSET|QUIT|NOOP|VRFY|EXPN|HELP|AUTH|STARTTLS"
    rb"|ETRN|ATRN|TURN|XCLIENT)[ :\r\n]",
    re.IGNORECASE,
)
# With which a client takes its message for ended, where only CRLF.CRLF ends it.
_WRONG_END = re.compile(rb"[\r\n]\.(?:\r\n|\n|\r)\Z")
_SMUGGLED_LONGEST = 24
_SEARCHED = 64 * 1024  # octets of a body in which parts are looked for
_TAIL = 48  # octets; the longest that is looked for may begin there


class Inspector:
    """Notes what is odd about a body, by counts for each piece.

    limit: of a line that is still taken, CRLF included, in octets; 0: none.
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
        self.overlong = False  # a line is beyond the limit
        self._limit = limit
        self._limited = 0  # as _line, for the limit
        self._header_tail: bytes | None = b"\n"  # None: past the header
        self._line = 0  # octets of the line that the last piece left unfinished
        self._searched = 0  # octets in which a binary part was looked for
        self._tail = b""  # of what came so far
        self._watched = 0  # octets to come that may end a smuggling pattern

    def look(self, part: Piece) -> None:
        """Take the next piece."""
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
        """Whether what came so far ends in a dot between other line ends than CRLF.

        held: what came behind the pieces that were looked at.
        """
        return bool(_WRONG_END.search(self._tail + held))

    def look_at_header(self, content: bytes) -> None:
        """Note what is not ASCII before the empty line, whatever the line ends are."""
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
    """Return the octets of the line that content leaves unfinished; -1: one is too long.

    begun: those of its first line that came before. Hops from line end to line end,
    each as far as a line may reach.
    """
    start = -begun
    while len(content) - start > longest:
        end = content.rfind(b"\n", max(start, 0), start + longest)
        if end < 0:
            return -1
        start = end + 1
    last = content.rfind(b"\n", max(start, 0))
    return len(content) - (last + 1 if last >= 0 else start)
