"""Authenticates clients with the configured logins, and with those of inboxes.

As long as there are no logins of either kind, every login is accepted.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from functools import partial

from scramp import ScramException, ScramMechanism

from inbox.mailbox import login_names
from inbox.policy.credential_book import CredentialBook, SmtpLogin
from mailsink.mail_threads import in_mail_thread
from mailsink.ports import Credentials, Verifier

_SHA_256 = ScramMechanism("SCRAM-SHA-256")
_ITERATIONS = 4096  # RFC 7677 §4 requires at least this number


class Authenticator:
    """Implements mailsink.ports.Authenticator with a list of (user, password), and a book."""

    def __init__(
        self, logins: Iterable[tuple[str, str]], book: CredentialBook | None = None
    ) -> None:
        """book: the logins of inboxes, which change"""
        self._key = secrets.token_bytes()
        self._book = book
        self._logins: list[tuple[bytes, bytes]] = []
        self._verifiers: dict[bytes, Verifier] = {}
        for user, password in logins:
            name = _octets(user)
            self._logins.append((name, _octets(password)))
            if verifier := self._make_verifier(name, password):
                self._verifiers[name] = verifier

    def supports(self, mechanism: str) -> bool:
        """Whether it can judge a mechanism: SCRAM-SHA-256 needs logins, CRAM-MD5 passwords."""
        if mechanism == "CRAM-MD5":
            book = self._book
            return bool(self._logins) or book is None or self._takes_cram_md5(book)
        return mechanism != "SCRAM-SHA-256" or not self._takes_all

    @property
    def _takes_all(self) -> bool:
        return not self._logins and not (self._book and self._book.logins)

    def _takes_cram_md5(self, book: CredentialBook) -> bool:
        return book.takes_cram_md5 or not book.logins

    async def authenticate(self, credentials: Credentials) -> bool:
        """Whether these credentials are valid; a near miss takes as long as any other."""
        if self._takes_all:
            return True
        good = False
        plain = _without_strict(credentials.username)
        for user, password in self._logins:
            same_user = hmac.compare_digest(user, credentials.username)
            same_user |= hmac.compare_digest(user, plain)
            good |= credentials.proves(password) & same_user
        if self._book is not None and self._book.logins:
            known = self._known(plain)
            made_up = SmtpLogin(self._made_up(plain))
            checked = known or made_up
            proved = await in_mail_thread(partial(checked.proved_by, credentials))
            good |= proved and known is not None
        return good

    def _known(self, plain: bytes) -> SmtpLogin | None:
        """Return the login of an inbox by its name, with or without a label."""
        if self._book is None:
            return None
        logins = self._book.logins
        user = login_names.split(plain.decode("utf-8", "surrogateescape")).user
        return logins.get(plain) or logins.get(_octets(user))

    async def verifier(self, username: bytes) -> Verifier:
        """Return the verifier of a user.

        An unknown user gets the same salt at each call, too, so that SCRAM does not
        show which users are known.
        """
        plain = _without_strict(username)
        known = self._verifiers.get(username) or self._verifiers.get(plain)
        if known is None and (login := self._known(plain)) is not None:
            known = login.verifier
        return known or self._made_up(username)

    def _made_up(self, username: bytes) -> Verifier:
        """Return a verifier that no proof fits."""
        salt = self._salt(username)
        return Verifier(salt, _ITERATIONS, secrets.token_bytes(), b"")

    def _make_verifier(self, username: bytes, password: str) -> Verifier | None:
        """Return a verifier; None for a password that SASLprep (RFC 4013) forbids.

        No client can send such a password.
        """
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
    """Return a user name without the word for strict mode: app+strict logs in as app."""
    name = username.decode("utf-8", "surrogateescape")
    return _octets(login_names.without_strict(name))


def _octets(text: str) -> bytes:
    """Return the octets of a text from the environment, which can be any (PEP 383)."""
    return text.encode("utf-8", "surrogateescape")
