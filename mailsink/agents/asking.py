"""The interface to API v3 for the tools: over the network, or inside its process."""

from __future__ import annotations

from typing import Any, Protocol


class NotAnswered(Exception):
    """The API refused, or could not be reached; the text says what to do.

    problem: the problem JSON (RFC 9457), if the answer has one; else empty
    """

    def __init__(self, text: str, problem: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.problem = problem or {}


class AskedApi(Protocol):
    """API v3 of a Mailsink."""

    @property
    def url(self) -> str:
        """The address of the pages, for links, without a slash at its end."""

    async def get(self, path: str, **query: object) -> Any:
        """Return the answer of a path: get("messages", q="to:ann").

        Raises NotAnswered.
        """

    async def send(self, method: str, path: str, shape: object = None) -> Any:
        """Send JSON; return the answer, None if it is empty. Raises NotAnswered."""
