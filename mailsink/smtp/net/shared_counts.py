"""Counts that the processes of one machine share, in memory that they have from their parent.

Each process writes into a row of its own, so that none waits for another. A key has a place
in each of two halves of a row; the smaller count holds, so that keys which share a place are
rarely counted as one.
"""

from __future__ import annotations

import mmap
import secrets
from hashlib import blake2b

_PLACES = 16_384  # of a half
_OCTETS = 2  # of a count
_MOST = 0xFFFF
_ROW = 2 * _PLACES


class SharedCounts:
    """How many of each key there are in other processes. Made before they are forked."""

    def __init__(self, processes: int) -> None:
        self._memory = memoryview(mmap.mmap(-1, processes * _ROW * _OCTETS)).cast("H")
        self._processes = processes
        self._key = secrets.token_bytes(16)  # nobody is to choose a place
        self._row = 0

    def take_row(self, number: int) -> None:
        """Count in this row from now on; what a process counted there before is forgotten.

        number: of this process, from 0
        """
        self._row = number
        start = number * _ROW
        self._memory[start : start + _ROW] = memoryview(bytes(_ROW * _OCTETS)).cast("H")

    def add(self, key: str, number: int) -> None:
        """Count so many more of a key in this process; less, if it is negative."""
        for place in self._places(key):
            at = self._row * _ROW + place
            self._memory[at] = min(_MOST, max(0, self._memory[at] + number))

    def others(self, key: str) -> int:
        """Return how many of a key the other processes have, or a few more."""
        rows = (each for each in range(self._processes) if each != self._row)
        starts = [each * _ROW for each in rows]
        return min(
            sum(self._memory[start + place] for start in starts)
            for place in self._places(key)
        )

    def _places(self, key: str) -> tuple[int, int]:
        digest = blake2b(key.encode(), digest_size=8, key=self._key).digest()
        first, second = digest[:4], digest[4:]
        return (
            int.from_bytes(first) % _PLACES,
            _PLACES + int.from_bytes(second) % _PLACES,
        )
