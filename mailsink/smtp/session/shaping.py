"""Damages replies for a rule: changes their lines, and cuts them into pieces.

Pure: lines and octets in, lines and octets out. The result violates RFC 5321 §4.2 to
show how clients cope with that.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsink.ports import Decision

_PIECES_A_SECOND = 20


def spoilt(lines: tuple[str, ...], decision: Decision) -> tuple[str, ...]:
    """Return the lines of a reply as they are sent, without CRLF."""
    if decision.garbled:
        lines = tuple(line[::-1] for line in lines)
    if decision.kept:
        lines = tuple(line[: decision.kept] for line in lines)
    if decision.close == "half":
        *firsts, last = lines
        lines = (*firsts, last[: (len(last) + 1) // 2])
    return lines


def wire(lines: tuple[str, ...], decision: Decision) -> bytes:
    """Return these lines as octets.

    If the connection closes inside the last line, that line has no end.
    """
    end = "" if decision.close == "half" else "\r\n"
    return ("\r\n".join(lines) + end).encode()


def pieces(octets: bytes, drip: float) -> Iterator[tuple[bytes, float]]:
    """Yield the octets in pieces, each with the seconds to wait before it.

    drip: octets a second; 0: all at once.
    """
    if not drip:
        yield octets, 0.0
        return
    each = max(1, int(drip / _PIECES_A_SECOND))
    for at in range(0, len(octets), each):
        yield octets[at : at + each], each / drip if at else 0.0
