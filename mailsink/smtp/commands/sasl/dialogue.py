"""The steps of a SASL mechanism (RFC 4422) during its dialogue inside AUTH.

Each response of the client becomes a separate exchange, masked. Secrets stay in local
variables, here and in the mechanisms.
"""

from __future__ import annotations

import binascii
from base64 import b64encode

from mailsink.ports import Credentials, Password
from mailsink.smtp.commands.sasl.credential_flags import (
    redacted_username,
    secret_flags,
    username_flags,
)
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.masking import redacted_response
from mailsink.smtp.session.effects import Authenticate, Refusal, Steps
from mailsink.smtp.session.line_input import read_line
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.shaped_replies import send_reply


class Dialogue:
    """One authentication dialogue; every method may raise Refusal, which ends it."""

    __slots__ = ("_initial", "_session", "mechanism", "username")

    def __init__(self, session: Session, mechanism: str, initial: bytes | None) -> None:
        """Take the mechanism, and the decoded initial response if there is one."""
        self._session = session
        self._initial = initial
        self.mechanism = mechanism
        self.username = ""  # for the record: masked if it may be a secret

    @property
    def hostname(self) -> str:
        return self._session.profile.hostname

    @property
    def unix_time(self) -> float:
        return self._session.unix_time()

    def first(self, challenge: bytes = b"") -> Steps[bytes]:
        """Return the initial response, or ask for it with this challenge."""
        if self._initial is not None:
            return self._initial
        return (yield from self.ask(challenge))

    def ask(self, challenge: bytes, private: bool = False) -> Steps[bytes]:
        """Return the response to a challenge.

        private: whether the prompt is recorded masked
        """
        session = self._session
        session.exchange.private = private
        yield from send_reply(session, replies.prompt(b64encode(challenge).decode()))
        line = yield from read_line(session)
        flags = ("bare_lf_command",) if line.bare_lf else ()
        text = redacted_response(line.content)
        session.begin_exchange("auth", "", text, line.octets, line.received_us, flags)
        if line.too_long:
            raise Refusal(replies.AUTH_LINE_TOO_LONG)
        if line.bare_lf and session.profile.bare_newlines == "reject":
            raise Refusal(replies.BARE_LF)
        if line.content == b"*":
            raise Refusal(replies.AUTH_CANCELLED)
        return decoded(line.content)

    def identify(self, username: bytes, secret: bytes = b"") -> None:
        """Record the user name of the login, valid or not."""
        self._session.exchange.flags += username_flags(username)
        self.username = redacted_username(username, secret)
        self._session.update(auth_mechanism=self.mechanism, auth_username=self.username)

    def check(self, credentials: Credentials) -> Steps[bool]:
        """Return whether the credentials are valid."""
        good: bool = yield Authenticate(credentials)
        return good

    def check_secret(self, username: bytes, secret: bytes) -> Steps[bool]:
        """Return whether user name and secret are valid; flag the shape of both."""
        self.identify(username, secret)
        self.note(*secret_flags(username, secret))
        return (yield from self.check(Password(self.mechanism, username, secret)))

    def note(self, *flags: str) -> None:
        """Add flags to the client's latest line."""
        self._session.exchange.flags += flags


def decoded(response: bytes) -> bytes:
    """Return a base64 response decoded; raises Refusal."""
    try:
        return binascii.a2b_base64(response, strict_mode=True) if response else b""
    except binascii.Error:
        raise Refusal(replies.AUTH_BAD_BASE64) from None
