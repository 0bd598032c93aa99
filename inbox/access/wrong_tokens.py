"""Addresses from which wrong tokens came lately, and tokens that were right.

In the memory of each process. It spares the database those who guess; a token of 256
random bits is not guessed. Tokens that were right pass from such an address, too.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from threading import Lock

MOST = 20  # wrong tokens from an address in a WINDOW
WINDOW = 60.0  # seconds
_ADDRESSES = 4096
_RIGHT = 1024

_lock = Lock()
_wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # count, since
_right: OrderedDict[str, None] = OrderedDict()


def is_blocked(address: str, digest: str) -> bool:
    """Whether a token from an address is not even looked up."""
    with _lock:
        if digest in _right:
            return False
        count, since = _wrong.get(_network(address), (0, 0.0))
        return count >= MOST and time.monotonic() < since + WINDOW


def came(address: str, digest: str, is_right: bool) -> None:
    """Remember that a token was right, or that it was wrong."""
    with _lock:
        if is_right:
            _right[digest] = None
            _bound(_right, _RIGHT)
            return
        _right.pop(digest, None)
        key, now = _network(address), time.monotonic()
        count, since = _wrong.pop(key, (0, now))
        _wrong[key] = (count + 1, since) if now < since + WINDOW else (1, now)
        _bound(_wrong, _ADDRESSES)


def forget() -> None:
    """Forget all of it. For tests."""
    with _lock:
        _wrong.clear()
        _right.clear()


def _bound(
    kept: OrderedDict[str, tuple[int, float]] | OrderedDict[str, None], most: int
) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or 64 bits of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else address
