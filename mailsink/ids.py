"""UUIDv7 ids (RFC 9562 §5.7) that never go backwards in a process, and short ids.

A short id names an exchange in a URL: the first 60 bits of its session's id
in Crockford's base 32, a hyphen, and the exchange's number.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Iterator
from uuid import UUID

_lock = threading.Lock()
_last = 0  # the 60 leading bits of the last id: 48 of milliseconds, 12 of fraction
_random: Iterator[tuple[int]] = iter(())  # fetched in pages: each is a system call


def _forget_random() -> None:
    """Fetch new random numbers in a forked process: its parent has the same page."""
    global _random
    _random = iter(())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_random)


def uuid7() -> UUID:
    """Return a new UUIDv7, later than all earlier ones of this process.

    The 12 bits after the version count fractions of a millisecond (RFC 9562 §6.2,
    method 3). If the clock stops or goes back, they still count up.
    """
    global _last, _random
    now = time.time_ns()
    leading = (now // 1_000_000 << 12) | (now % 1_000_000 * 4096 // 1_000_000)
    with _lock:
        _last = leading = max(leading, _last + 1)
        drawn = next(_random, None)
        if drawn is None:
            _random = struct.iter_unpack("Q", os.urandom(4096))
            drawn = next(_random)
    random = drawn[0] & 0x3FFF_FFFF_FFFF_FFFF
    value = (leading >> 12) << 80 | 0x7000 << 64 | (leading & 0xFFF) << 64
    return UUID(int=value | 0x8000_0000_0000_0000 | random)


def go_on_after(id: UUID) -> None:
    """Make every new id later than this one, also if the clock was set back."""
    global _last
    with _lock:
        _last = max(_last, _leading(id))


def _leading(id: UUID) -> int:
    return id.int >> 80 << 12 | id.int >> 64 & 0xFFF


def made_at(id: UUID) -> float:
    """Return the time of a UUIDv7, in Unix seconds to the millisecond."""
    return (id.int >> 80) / 1000


def first_at(seconds: float) -> UUID:
    """Return the lowest possible UUIDv7 of a time, in Unix seconds."""
    return UUID(int=max(0, int(seconds * 1000)) << 80)


_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_LEADING_BITS = 60


def short_id(session: UUID, seq: int) -> str:
    """Return the short id of exchange number seq in a session."""
    leading = _leading(session)
    digits = (
        _DIGITS[leading >> shift & 31] for shift in range(_LEADING_BITS - 5, -1, -5)
    )
    return f"{''.join(digits)}-{seq}"


def parse_short_id(text: str) -> tuple[UUID, UUID, int]:
    """Return (first, last, seq): the session's id lies from first to last.

    Raises ValueError if the text is no short id.
    """
    head, hyphen, tail = text.lower().partition("-")
    if len(head) != _LEADING_BITS // 5 or not hyphen:
        raise ValueError("a short id has 12 letters or digits, a hyphen and a number")
    if not (tail.isascii() and tail.isdigit() and len(tail) <= 9):
        raise ValueError("a short id ends in a number")
    leading = 0
    for digit in head:
        leading = leading << 5 | _DIGITS.index(digit)
    first = (leading >> 12) << 80 | 0x7000 << 64 | (leading & 0xFFF) << 64
    return UUID(int=first), UUID(int=first | 0xFFFF_FFFF_FFFF_FFFF), int(tail)
