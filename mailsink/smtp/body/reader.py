"""Reads a body: up to CRLF.CRLF after DATA, or in chunks after BDAT (RFC 3030).

A reader takes octets from the input, inspects and spools them. It knows no session.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from mailsink.smtp.body.framing import Framer, Piece
from mailsink.smtp.body.inspector import Inspector
from mailsink.smtp.body.spool import Spool
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import Body
from mailsink.smtp.protocol.input_buffer import InputBuffer

PIECE = 256 * 1024  # octets handled before other sessions get a turn
_BEYOND = (
    1024 * 1024
)  # octets spooled beyond the largest size, so that pages show what was refused


class Declared(NamedTuple):
    """The properties of the body that the parameters of MAIL declare."""

    size: int = 0  # octets; 0: not declared
    eightbit: bool = False
    smtputf8: bool = False
    binary: bool = False


class ReceivedBody(NamedTuple):
    """A body that was received."""

    size: int  # of the whole body, spooled or not
    flags: frozenset[str]
    overlong: bool  # a line is longer than the profile permits
    body: Body | None  # None where it could not be written
    error: OSError | None  # why


class ExchangeFacts(NamedTuple):
    """The arguments of Session.emit_exchange."""

    line: str
    octets: int
    received_us: int
    flags: tuple[str, ...]


class BodyReader:
    """Receives a body; subclasses know where it ends.

    `octets`, `received_us` and `exchange()` describe the exchange that carries the
    body.
    """

    __slots__ = ("emitted_us", "ended", "inspector", "octets", "received_us", "spool")

    def __init__(self, profile: Profile, now_us: int) -> None:
        limit = profile.max_message_size
        self.inspector = Inspector(profile.max_text_line)
        self.spool = Spool(
            limit and limit + _BEYOND, profile.spool_threshold, profile.spool_dir
        )
        self.ended = False
        self.octets = 0  # on the wire
        self.received_us = now_us
        self.emitted_us = now_us

    def receive(self, octets: InputBuffer) -> None:
        """Use octets of the input, at most a piece; may set `ended`."""
        raise NotImplementedError

    def close(self) -> None:
        """Take the octets that were held back: no more will come."""
        raise NotImplementedError

    def hangs(self) -> bool:
        """Whether the client seems to wait for a reply after a wrong end of data."""
        return False

    def flags(self, declared: Declared) -> set[str]:
        """Return the flags of the body so far; declared: by MAIL."""
        flags = self.inspector.flags
        if declared.eightbit:
            flags.discard("eightbit_in_7bit")
        if declared.smtputf8:
            flags.discard("eightbit_header")
        # Many clients do not count the CRLF that must end the body.
        if declared.size and self.spool.size > declared.size + 2:
            flags.add("size_mismatch")
        return flags

    def fresh_flags(self, declared: Declared) -> set[str]:
        """Return the flags to emit with this exchange."""
        return self.flags(declared)

    def received(self, body: Body | None, flags: Collection[str]) -> ReceivedBody:
        """Return the body that was received, once it has ended."""
        spool = self.spool
        return ReceivedBody(
            spool.size, frozenset(flags), self.inspector.overlong, body, spool.error
        )

    def exchange(self, flags: Collection[str] = ()) -> ExchangeFacts:
        """Return the exchange as it stands now."""
        return ExchangeFacts("", self.octets, self.received_us, tuple(sorted(flags)))


class DataReader(BodyReader):
    """A body that CRLF.CRLF ends (RFC 5321 §4.1.1.4)."""

    __slots__ = ("_framer",)

    def __init__(self, profile: Profile, now_us: int) -> None:
        super().__init__(profile, now_us)
        self._framer = Framer()

    def receive(self, octets: InputBuffer) -> None:
        piece, used = self._framer.feed(octets.peek(PIECE))
        self.inspector.look(piece)
        self.spool.add(piece.content)
        self.octets += used
        self.received_us = octets.use(used)
        self.ended = self._framer.ended

    def flags(self, declared: Declared) -> set[str]:
        flags = super().flags(declared)
        if self._framer.undoubled:
            flags.add("dot_not_doubled")
        return flags

    def hangs(self) -> bool:
        return self.inspector.ends_wrongly(self._framer.held)

    def close(self) -> None:
        if not self.ended:
            piece = self._framer.rest()
            self.inspector.look(piece)
            self.spool.add(piece.content)


class ChunkReader(BodyReader):
    """A body in chunks; the exchange is that of the chunk begun last."""

    __slots__ = (
        "_binary", "_emitted_flags", "_held", "_left", "_line", "_line_flags",
    )  # fmt: skip

    def __init__(self, profile: Profile, now_us: int, binary: bool) -> None:
        """binary: MAIL declared BODY=BINARYMIME, so that no octet is odd."""
        super().__init__(profile, now_us)
        self._binary = binary
        self._left = 0
        self._line = ""
        self._line_flags: tuple[str, ...] = ()
        self._held = b"\r\n"  # before the first line, so that it counts as a line start
        self._emitted_flags: set[str] = set()

    def begin(
        self, line: tuple[str, tuple[str, ...], int], size: int, now_us: int
    ) -> None:
        """Expect a chunk of this size.

        line: the line of its BDAT, the flags of that line, and when it was received
        """
        self._line, self._line_flags, self.received_us = line
        self.emitted_us = now_us
        self.octets = 0
        self._left = size
        self.ended = not size

    def receive(self, octets: InputBuffer) -> None:
        piece = octets.peek(min(PIECE, self._left))
        self.add(piece)
        self.octets += len(piece)
        self._left -= len(piece)
        self.received_us = octets.use(len(piece))
        self.ended = not self._left

    def add(self, octets: bytes) -> None:
        """Append octets to the body."""
        self.spool.add(octets)
        if self._binary:
            self.inspector.look_at_header(octets)
            return
        first = self.spool.size == len(octets)
        wire = self._held + octets
        # The end of a packet or of a chunk may cut a CRLF in two.
        self._held = b"\r" if wire.endswith(b"\r") else b""
        wire = wire[: len(wire) - len(self._held)]
        self.inspector.look(Piece(wire, wire[2:] if first else wire))

    def close(self) -> None:
        held, self._held = self._held, b""
        if held == b"\r":
            self.inspector.look(Piece(held, held))

    def exchange(self, flags: Collection[str] = ()) -> ExchangeFacts:
        """Return the exchange of the chunk, which keeps its line and flags."""
        flags = (*self._line_flags, *sorted(flags))
        return ExchangeFacts(self._line, self.octets, self.received_us, flags)

    def fresh_flags(self, declared: Declared) -> set[str]:
        """Return only the flags that this chunk brought to light."""
        fresh = self.flags(declared) - self._emitted_flags
        self._emitted_flags |= fresh
        return fresh


class DiscardingReader(ChunkReader):
    """Reads a chunk and drops it."""

    __slots__ = ()

    def add(self, octets: bytes) -> None:
        pass
