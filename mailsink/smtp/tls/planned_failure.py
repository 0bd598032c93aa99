"""A handshake that a rule makes fail."""

from __future__ import annotations

import ssl
from typing import NamedTuple


class FailingContexts(NamedTuple):
    """The TLS contexts that make a handshake fail, by the kind of failure."""

    wrong_name: ssl.SSLContext
    expired: ssl.SSLContext
    no_cipher: ssl.SSLContext


class PlannedFailure(NamedTuple):
    """A server fault in a handshake, and the rule that asks for it."""

    kind: str  # a field of FailingContexts
    rule: str

    @property
    def sentence(self) -> str:
        """The fault in words, for the transcript."""
        return f"By rule {self.rule} Mailsink {_DEEDS[self.kind]}."


_DEEDS: dict[str, str] = {
    "wrong_name": "showed a certificate for another name",
    "expired": "showed a certificate that has expired",
    "no_cipher": "took no cipher that clients have",
}
