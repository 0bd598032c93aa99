"""Limits the octets of all request bodies, from their arrival until the answer."""

from __future__ import annotations

import errno

from mailsink.web.request_rules import HttpRefusal

MOST = 256 * 1024 * 1024  # octets; a single body may be larger
SMALL = 100_000  # octets; a body up to this size is no file, and always has room

TOO_MUCH = HttpRefusal(
    503, "Service Unavailable", "Too much is being uploaded at once; try again later."
)
NO_ROOM = HttpRefusal(
    507,
    "Insufficient Storage",
    "There is no room for this upload on the disk of the data folder (MAILSINK_DATA).",
)


def not_written(error: OSError) -> HttpRefusal:
    """Return the refusal of a body that cannot be written: open files, or the disk."""
    return TOO_MUCH if error.errno in (errno.EMFILE, errno.ENFILE) else NO_ROOM


class Uploads:
    """Counts the octets of each visitor's body."""

    def __init__(self, most: int = MOST, small: int = SMALL) -> None:
        self._most = most
        self._small = small
        self._held: dict[object, int] = {}
        self._all = 0

    def take(self, visitor: object, octets: int) -> bool:
        """Count octets of a body; return whether there is room for them."""
        held = self._held.get(visitor, 0)
        is_alone, is_small = self._all == held, held + octets <= self._small
        if not is_alone and not is_small and self._all + octets > self._most:
            return False
        self._held[visitor] = held + octets
        self._all += octets
        return True

    def let_go(self, visitor: object) -> None:
        """Forget the body of a visitor, if there was one."""
        self._all -= self._held.pop(visitor, 0)
