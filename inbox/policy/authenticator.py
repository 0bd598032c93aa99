"""Authenticates clients by the logins that were configured."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable

from scramp import ScramException, ScramMechanism

from mailsink.ports import Credentials, Verifier

_SHA_256 = ScramMechanism("SCRAM-SHA-256")
_STRICT = re.compile(rb"\+strict(@[^@]*)?\Z")
_ITERATIONS = 4096  # RFC 7677 §4 asks for no less


class Authenticator:
    """Implements mailsink.ports.Authenticator on a list of (user, password)."""

    def __init__(self, logins: Iterable[tuple[str, str]]) -> None:
        self._key = secrets.token_bytes()
        self._logins: list[tuple[bytes, bytes]] = []
        self._verifiers: dict[bytes, Verifier] = {}
        for user, password in logins:
            name = _octets(user)
            self._logins.append((name, _octets(password)))
            if verifier := self._make_verifier(name, password):
                self._verifiers[name] = verifier

    def supports(self, mechanism: str) -> bool:
        """All: they need no more than passwords."""
        return True

    async def authenticate(self, credentials: Credentials) -> bool:
        """Whether these credentials are good; as slow for a near miss as for a far one."""
        good = False
        plain = _without_strict(credentials.username)
        for user, password in self._logins:
            same_user = hmac.compare_digest(user, credentials.username)
            same_user |= hmac.compare_digest(user, plain)
            good |= credentials.proves(password) & same_user
        return good

    async def verifier(self, username: bytes) -> Verifier:
        """The verifier of a user; an unknown one has the same salt at each asking, too.

        So nobody can find out by SCRAM who is known.
        """
        made_up = Verifier(
            self._salt(username), _ITERATIONS, secrets.token_bytes(), b""
        )
        plain = _without_strict(username)
        return self._verifiers.get(username) or self._verifiers.get(plain, made_up)

    def _make_verifier(self, username: bytes, password: str) -> Verifier | None:
        """None for a password that SASLprep (RFC 4013) forbids: no client can send it."""
        try:
            salt, stored_key, server_key, iterations = _SHA_256.make_auth_info(
                password, _ITERATIONS, self._salt(username)
            )
        except ScramException:
            return None
        return Verifier(salt, iterations, stored_key, server_key)

    def _salt(self, username: bytes) -> bytes:
        return hmac.digest(self._key, username, "sha256")[:16]


def _without_strict(username: bytes) -> bytes:
    """Return a user name without what asks for strict mode: app+strict logs in as app."""
    return _STRICT.sub(rb"\1", username)


def _octets(text: str) -> bytes:
    """Text of the environment, which may hold any octets (PEP 383)."""
    return text.encode("utf-8", "surrogateescape")
