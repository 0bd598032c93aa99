"""Clients that sent wrong tokens recently, and tokens that were right.

They are in the memory of each process. This protects the database from guessing
clients; a token of 256 random bits cannot be guessed. Tokens that were right are
accepted from such addresses, too.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from mailsink.one_client import client_of

MOST = 20  # wrong tokens from a client in a WINDOW
WINDOW = 60.0  # seconds
_CLIENTS = 4096
_RIGHT = 1024

_lock = Lock()
_wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # count, since
_right: OrderedDict[str, None] = OrderedDict()


def is_blocked(address: str, digest: str) -> bool:
    """Whether a token from an address is refused without a look-up."""
    with _lock:
        if digest in _right:
            return False
        count, since = _wrong.get(client_of(address), (0, 0.0))
        return count >= MOST and time.monotonic() < since + WINDOW


def came(address: str, digest: str, is_right: bool) -> None:
    """Note that a token was right or wrong."""
    with _lock:
        if is_right:
            _right[digest] = None
            _bound(_right, _RIGHT)
            return
        _right.pop(digest, None)
        key, now = client_of(address), time.monotonic()
        count, since = _wrong.pop(key, (0, now))
        _wrong[key] = (count + 1, since) if now < since + WINDOW else (1, now)
        _bound(_wrong, _CLIENTS)


def forget() -> None:
    """Forget all clients and tokens. For tests."""
    with _lock:
        _wrong.clear()
        _right.clear()


def _bound(
    kept: OrderedDict[str, tuple[int, float]] | OrderedDict[str, None], most: int
) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
