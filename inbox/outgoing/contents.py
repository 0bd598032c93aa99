"""A stored body on its way out: in pieces, and which extensions it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inbox.models import Raw
from inbox.storage import body_store
from mailsink.smtp.client.hop_values import ContentNeeds

_PIECE = 64 * 1024  # octets
_HEADER = 256 * 1024  # octets in which the end of the header is looked for


def pieces(raw: Raw, before: bytes = b"") -> Iterator[bytes]:
    """Yield a body in pieces. Raises OSError if it cannot be read.

    before: what goes in front of it
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
    """Return what a body and its envelope need of a server.

    smtputf8: the client had declared SMTPUTF8, so that the header may have UTF-8
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
    """Whether a piece has CR or LF by itself, or ends a CR of the piece before so."""
    octets = before + piece if before == b"\r" else piece
    whole = octets.removesuffix(b"\r")  # its LF may be in the next piece
    pairs = whole.count(b"\r\n")
    return whole.count(b"\n") != pairs or whole.count(b"\r") != pairs
