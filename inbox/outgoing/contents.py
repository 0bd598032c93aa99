"""A stored body to send: its pieces, and the extensions that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inbox.models import Raw
from inbox.storage import body_store
from mailsink.smtp.client.hop_values import ContentNeeds

_PIECE = 64 * 1024  # octets
_HEADER = 256 * 1024  # octets that are searched for the end of the header


def pieces(raw: Raw, before: bytes = b"") -> Iterator[bytes]:
    """Yield a body in pieces. Raises OSError if it cannot be read.

    before: octets that precede it
    """
    if before:
        yield before
    if raw.key:
        with body_store.open_stored(raw.key) as file:
            while piece := bytes(file.read(_PIECE)):
                yield piece
        return
    content = body_store.read(raw)
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]


def needs(raw: Raw, addresses: Sequence[str], smtputf8: bool) -> ContentNeeds:
    """Return the needs of a body and its envelope from a server.

    smtputf8: the client had declared SMTPUTF8, so the header can have UTF-8
    """
    eightbit = binary = False
    header, last = b"", b""
    for piece in pieces(raw):
        if len(header) < _HEADER:
            header += piece
        eightbit = eightbit or not piece.isascii()
        binary = binary or b"\0" in piece or _is_bare(last, piece)
        last = piece[-1:]
    head = header[:_HEADER].partition(b"\r\n\r\n")[0]
    utf8 = not all(map(str.isascii, addresses)) or (smtputf8 and not head.isascii())
    return ContentNeeds(eightbit, utf8, binary or last == b"\r")


def _is_bare(before: bytes, piece: bytes) -> bool:
    """Whether a piece has a bare CR or LF, or makes the last CR of the previous piece bare."""
    octets = before + piece if before == b"\r" else piece
    whole = octets.removesuffix(b"\r")  # the LF of a last CR may be in the next piece
    pairs = whole.count(b"\r\n")
    return whole.count(b"\n") != pairs or whole.count(b"\r") != pairs
