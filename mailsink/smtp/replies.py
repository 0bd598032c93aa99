"""The catalogue: code, enhanced code and text of every reply, once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply (RFC 5321 §4.2): its code, enhanced code (RFC 3463; may be "") and texts."""

    code: int
    enhanced: str
    texts: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Return the whole lines, without CRLF; the enhanced code stands on each (RFC 2034 §4)."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        *firsts, last = self.texts
        return (
            *(f"{self.code}-{prefix}{text}" for text in firsts),
            f"{self.code} {prefix}{last}",
        )
