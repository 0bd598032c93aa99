"""A message body on its way in: where it ends, what is odd about it, where it is held.

Only CRLF.CRLF ends a body (RFC 5321 §4.1.1.4). The same octets give the same result
in whatever pieces they come, and each piece costs little: no look at single lines.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mailsink.smtp.events import Body

_END = b"\r\n.\r\n"
_LONGEST_LINE = 1000  # RFC 5321 §4.5.3.1.6, CRLF included

# A part that only BODY=BINARYMIME may hold (RFC 3030 §3); looked for only where there
# is what binary and Binary have in common, as few bodies have.
_BINARY_HINT = b"inary"
_BINARY_PART = re.compile(
    rb"\ncontent-transfer-encoding:[ \t]{0,8}binary[ \t;\r\n]", re.IGNORECASE
)

# What some servers take for the end of a body, and a command right behind it.
_SMUGGLED = re.compile(
    rb"[\r\n]\0?\.\0?[\r\n]{1,8}"
    rb"(?:MAIL|RCPT|EHLO|HELO|LHLO|DATA|BDAT|RSET|QUIT|NOOP|VRFY|EXPN|HELP|AUTH|STARTTLS"
    rb"|ETRN|ATRN|TURN|XCLIENT)[ :\r\n]",
    re.IGNORECASE,
)
# With which a client takes its message for ended, where only CRLF.CRLF ends it.
_WRONG_END = re.compile(rb"[\r\n]\.(?:\r\n|\n|\r)\Z")
_SMUGGLED_LONGEST = 24
_SEARCHED = 64 * 1024  # octets of a body in which parts are looked for
_TAIL = 48  # octets; the longest that is looked for may begin there


class Piece(NamedTuple):
    """A part of a body, never cut inside CRLF or before a stuffed dot."""

    wire: bytes  # as it came; the first begins with the CRLF before the body
    content: bytes  # the same with stuffed dots taken out


class Framer:
    """Finds the end of a body and takes out its stuffed dots (RFC 5321 §4.5.2)."""

    __slots__ = ("_begun", "_held", "ended", "undoubled")

    def __init__(self) -> None:
        # A dot on the first line is stuffed, or the end, as well: a CRLF went before.
        self._held = b"\r\n"
        self._begun = False
        self.ended = False
        self.undoubled = 0  # lines with one dot in front: their client doubles none

    def feed(self, octets: bytes) -> tuple[Piece, int]:
        """Return (what is certain of the body now, octets used); `ended` may be set."""
        wire = self._held + octets
        at = wire.find(_END)
        if at >= 0:
            self.ended = True
            used = at + len(_END) - len(self._held)
            self._held = b""
            return self._counted(wire[: at + 2]), used
        held = next((n for n in (4, 3, 2, 1) if wire.endswith(_END[:n])), 0)
        self._held = wire[len(wire) - held :]
        return self._counted(wire[: len(wire) - held]), len(octets)

    @property
    def held(self) -> bytes:
        """What came and may yet be a part of the end."""
        return self._held

    def rest(self) -> Piece:
        """Return what was held back, as the body was cut off here."""
        held, self._held = self._held, b""
        return self._piece(held)

    def _counted(self, wire: bytes) -> Piece:
        piece = self._piece(wire)
        if len(piece.content) < len(wire):
            self.undoubled += wire.count(b"\r\n.") - wire.count(b"\r\n..")
        return piece

    def _piece(self, wire: bytes) -> Piece:
        content = wire.replace(b"\r\n.", b"\r\n")
        if self._begun or not wire:
            return Piece(wire, content)
        self._begun = True
        return Piece(wire, content[2:])


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


class Store:
    """Holds a body: in memory up to a threshold, then in a file; never beyond a limit.

    Whoever adds must do `spill` in a thread once `full` is true, and `sync` before
    `body` where `spooled`. A write error is kept in `error`, what came is dropped.
    """

    def __init__(self, limit: int, threshold: int, folder: Path) -> None:
        self.size = 0  # octets of the body, kept or not
        self.error: OSError | None = None
        self._limit = limit
        self._threshold = threshold
        self._folder = folder
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._kept = 0
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    @property
    def full(self) -> bool:
        """Whether what is in memory must go to the file now."""
        return 0 < self._threshold < self._waiting

    @property
    def spooled(self) -> bool:
        return self._file is not None

    def add(self, content: bytes) -> None:
        """Take a piece of the body."""
        self.size += len(content)
        if self._limit and self._kept + len(content) > self._limit:
            content = content[: self._limit - self._kept]
        if content and self.error is None:
            self._pieces.append(content)
            self._waiting += len(content)
            self._kept += len(content)

    def spill(self) -> None:
        """Write what is in memory to the file; blocks."""
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        try:
            file = self._file or self._open()
            for piece in pieces:
                self._hash.update(piece)
                file.write(piece)
        except OSError as error:
            self.error = error
            self.discard()

    def sync(self) -> None:
        """Have the file hold everything, for good; blocks."""
        self.spill()
        try:
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
        except OSError as error:
            self.error = error
            self.discard()

    def body(self, ended: bool) -> Body:
        """Return the body; whether its end came tells if it can be complete."""
        complete = ended and self._kept == self.size
        if self._path is not None:
            return Body(self._kept, self._hash.hexdigest(), complete, path=self._path)
        content = b"".join(self._pieces)
        digest = hashlib.sha256(content).hexdigest()
        return Body(self._kept, digest, complete, content)

    def discard(self) -> None:
        """Remove the file, if there is one; blocks."""
        if self._file is not None and self._path is not None:
            with suppress(OSError):  # a full disk: closing writes once more
                self._file.close()
            self._path.unlink(missing_ok=True)
            self._file = None

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="body-", dir=self._folder)
        self._path = Path(name)
        self._hash = hashlib.sha256()
        self._file = os.fdopen(handle, "wb")
        return self._file
