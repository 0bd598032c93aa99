"""The client's side of TLS without sockets, and certificates to try it with."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

from mailsink.tls import own_context
from mailsink.values import TlsVersion

NAME = "mx.test"


@cache
def server(minimum: TlsVersion = "1.2") -> ssl.SSLContext:
    """A server's context with a certificate for NAME."""
    return own_context(_folder(), NAME, minimum)


def trusting() -> ssl.SSLContext:
    """A client's context that trusts that server, and checks its name."""
    server()
    return ssl.create_default_context(cafile=str(_folder() / "tls-cert.pem"))


def suspicious() -> ssl.SSLContext:
    """A client's context that trusts nobody."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def careless(
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
) -> ssl.SSLContext:
    """A client's context that does not look at certificates; of versions up to maximum."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = maximum
    return context


@cache
def _folder() -> Path:
    return Path(_kept().name)


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


class TlsClient:
    """One TLS connection: octets of either side in, octets of the other out."""

    def __init__(self, context: ssl.SSLContext, name: str | None = NAME) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=name
        )
        self.ended = False  # the server said close_notify

    def shake_hands(self, came: bytes = b"") -> tuple[bool, bytes]:
        """Return whether the handshake is done, and what to send. Raises ssl.SSLError."""
        self._incoming.write(came)
        try:
            self.object.do_handshake()
        except ssl.SSLWantReadError:
            return False, self.owed()
        return True, self.owed()

    def owed(self) -> bytes:
        """What is to be sent, an alert after an error too."""
        return self._outgoing.read()

    def wrap(self, octets: bytes) -> bytes:
        self.object.write(octets)
        return self.owed()

    def unwrap(self, came: bytes) -> bytes:
        self._incoming.write(came)
        octets = b""
        try:
            while piece := self.object.read(65536):
                octets += piece
            self.ended = True
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        return octets

    def close(self) -> bytes:
        with suppress(ssl.SSLError):
            self.object.unwrap()
        return self.owed()
