"""A handshake that is to fail because a rule says so."""

from __future__ import annotations

import ssl
from typing import NamedTuple


class FailingContexts(NamedTuple):
    """How the server speaks TLS where it is to fail, by the kind of failure."""

    wrong_name: ssl.SSLContext
    expired: ssl.SSLContext
    no_cipher: ssl.SSLContext


class PlannedFailure(NamedTuple):
    """A fault of the server in a handshake, and the rule that wants it."""

    kind: str  # as FailingContexts names them
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
