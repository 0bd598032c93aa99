"""The authenticator of a server without logins of its own: it accepts all of them."""

from __future__ import annotations

from mailsink.ports import Credentials, Verifier


class AcceptAll:
    """Implements mailsink.ports.Authenticator."""

    def supports(self, mechanism: str) -> bool:
        """Whether it is any mechanism but SCRAM.

        With SCRAM the server must prove that it has the password.
        """
        return mechanism != "SCRAM-SHA-256"

    async def authenticate(self, credentials: Credentials) -> bool:
        return True

    async def verifier(self, username: bytes) -> Verifier:
        """Never called, as SCRAM is not supported."""
        raise NotImplementedError
