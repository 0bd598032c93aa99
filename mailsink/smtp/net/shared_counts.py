"""Counts that the processes of one machine share, in memory from before the fork.

Each process writes its own row, so that none waits for another. A key has a place in
each of the two halves of a row. The smaller count is used, so that two keys which share
a place are rarely counted as one.
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
    """The counts of each key in other processes. Created before the fork."""

    def __init__(self, processes: int) -> None:
        self._memory = memoryview(mmap.mmap(-1, processes * _ROW * _OCTETS)).cast("H")
        self._processes = processes
        self._key = secrets.token_bytes(16)  # so that no client can choose a place
        self._row = 0

    def take_row(self, number: int) -> None:
        """Count in this row from now on, and clear what another process counted there.

        number: the number of this process, from 0
        """
        self._row = number
        start = number * _ROW
        self._memory[start : start + _ROW] = memoryview(bytes(_ROW * _OCTETS)).cast("H")

    def add(self, key: str, number: int) -> None:
        """Add a number, also a negative one, to the count of a key in this process."""
        for place in self._places(key):
            at = self._row * _ROW + place
            self._memory[at] = min(_MOST, max(0, self._memory[at] + number))

    def others(self, key: str) -> int:
        """Return the count of a key in the other processes, or a little more."""
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
