"""Finds the end of a body (RFC 5321 §4.1.1.4) and its stuffed dots (§4.5.2).

Only CRLF.CRLF ends a body. The same octets give the same result however they are cut
into pieces.
"""

from __future__ import annotations

from typing import NamedTuple

_END = b"\r\n.\r\n"


class Piece(NamedTuple):
    """A part of a body, never cut inside CRLF or before a stuffed dot."""

    wire: bytes  # as received; the first piece begins with the CRLF before the body
    content: bytes  # the same without stuffed dots


class Framer:
    """Finds the end of a body and takes out its stuffed dots (RFC 5321 §4.5.2)."""

    __slots__ = ("_begun", "_held", "ended", "undoubled")

    def __init__(self) -> None:
        # A dot that begins the first line is also stuffed, or ends the body: it follows
        # the CRLF of the command.
        self._held = b"\r\n"
        self._begun = False
        self.ended = False
        self.undoubled = 0  # lines that begin with one dot: the client doubles no dots

    def feed(self, octets: bytes) -> tuple[Piece, int]:
        """Return what surely belongs to the body, and how many octets were used.

        May set `ended`.
        """
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
        """The octets received that may still turn out to be part of the end."""
        return self._held

    def rest(self) -> Piece:
        """Return the octets held back: the body was cut off here."""
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
