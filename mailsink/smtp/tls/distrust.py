"""Who does not trust a certificate that nobody signed, and so gets no STARTTLS for a while.

Many a client takes STARTTLS wherever it is offered, and then refuses the certificate: it
could not send at all. Its next try goes through in plain text, as without TLS.
"""

from __future__ import annotations

_HOLDS = 3600.0  # seconds
_MOST = 1000  # clients, of whom the longest known is forgotten first


class Distrust:
    """The clients, by address and name; the listeners of a process share one."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def note(self, address: str, name: str, now: float) -> None:
        """A client left because of the certificate, now in Unix seconds."""
        self._until.pop((address, name), None)
        self._until[address, name] = now + _HOLDS
        if len(self._until) > _MOST:
            del self._until[next(iter(self._until))]

    def of(self, address: str, name: str, now: float) -> bool:
        """Whether a client is known to leave because of it."""
        return now < self._until.get((address, name), 0.0)
