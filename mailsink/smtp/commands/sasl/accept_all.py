"""The authenticator of a server that knows no logins: every one is good."""

from __future__ import annotations

from mailsink.ports import Credentials, Verifier


class AcceptAll:
    """Implements mailsink.ports.Authenticator."""

    def supports(self, mechanism: str) -> bool:
        """All but SCRAM, where the server has to prove that it knows the password."""
        return mechanism != "SCRAM-SHA-256"

    async def authenticate(self, credentials: Credentials) -> bool:
        return True

    async def verifier(self, username: bytes) -> Verifier:
        """Never asked for, as SCRAM is not supported."""
        raise NotImplementedError
