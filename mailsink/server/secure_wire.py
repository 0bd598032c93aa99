"""HTTPS: TLS between a connection of the web port and its protocol.

Twisted implements TLS. This module keeps it fair to other clients: a client's records
are read in shares, records without text are limited, and no close waits for the client.
"""

from __future__ import annotations

import time
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, ISSLTransport
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from zope.interface import (  # type: ignore[import-untyped]
    directlyProvides,
    implementer,
    providedBy,
)

from mailsink.certificates import Certificate
from mailsink.smtp.net.passes import Passes
from mailsink.tls import server_context

# Octets in a row without any text. It allows a handshake and new keys, but no flood of
# them.
_MOST_WITHOUT_TEXT = 64 * 1024


class TextCounter(SSL.Connection):
    """A connection that counts its text, and reads many small records as one piece."""

    text = 0  # octets

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        """Return up to bufsiz octets of text. Raises SSL.Error if there is none."""
        pieces = [super().recv(bufsiz, flags)]
        size = len(pieces[0])
        while size < bufsiz:
            try:
                pieces.append(super().recv(bufsiz - size, flags))
            except SSL.Error:  # the next call raises it again
                break
            size += len(pieces[-1])
        self.text += size
        return b"".join(pieces)


@implementer(IOpenSSLServerConnectionCreator)
class ServedCertificate:
    """Makes the TLS of each new connection, with the current certificate."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate
        self.renew()
        certificate.follow(self.renew)

    def renew(self) -> None:
        """Read the files again. Raises ValueError if they are not valid."""
        given = self._certificate
        server_context(
            given.cert, given.key, given.minimum
        )  # raises the clearest error
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        oldest = SSL.TLS1_3_VERSION if given.minimum == "1.3" else SSL.TLS1_2_VERSION
        context.set_min_proto_version(oldest)
        context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # clients keep tickets
        try:
            context.use_certificate_chain_file(str(given.cert))
            context.use_privatekey_file(str(given.key))
            context.check_privatekey()
        except SSL.Error:
            raise ValueError("they were written while they were read") from None
        self._context = context

    def serverConnectionForTLS(self, protocol: object) -> TextCounter:
        return TextCounter(self._context, None)


class SecureWires(TLSMemoryBIOFactory):
    """The factory of all secure connections."""

    def __init__(self, certificate: Certificate, passes: Passes, inner: Any) -> None:
        served: Any = ServedCertificate(certificate)
        super().__init__(served, False, inner)
        self.passes = passes


class SecureWire(BufferingTLSTransport):
    """A connection as the protocol inside TLS sees it: it reads and writes text."""

    factory: SecureWires
    transport: Any

    def __init__(self, factory: SecureWires, inner: Any) -> None:
        super().__init__(factory, inner, False)
        self._came = bytearray()  # received, but not read yet
        self._waits = False  # waits in line to continue reading
        self._is_paused = False  # by the protocol inside
        self._without_text = 0  # octets

    def makeConnection(self, transport: Any) -> None:
        super().makeConnection(transport)
        directlyProvides(self, ISSLTransport, providedBy(transport))

    def dataReceived(self, octets: bytes) -> None:
        if self._lostTLSConnection:
            return  # it is never read, and must not fill the memory
        self._came += octets
        if not self._waits:
            self.read_on()

    def read_on(self) -> None:
        """Read a share of the received octets; the others wait in line."""
        self._waits = False
        if self._tlsConnection is None or self._lostTLSConnection:
            self._came.clear()
            return
        passes = self.factory.passes
        share = passes.share(secure=True)
        piece = bytes(self._came[:share])
        del self._came[:share]
        tls, began_ns = self._tlsConnection, time.monotonic_ns()
        text = tls.text
        super().dataReceived(piece)
        passes.spend(time.monotonic_ns() - began_ns)
        self._without_text = 0 if tls.text > text else self._without_text + len(piece)
        if self._without_text > _MOST_WITHOUT_TEXT:
            self.abortConnection()
        elif not self._is_paused:
            self._go_on()

    def _go_on(self) -> None:
        if not self._came:
            self.transport.resumeProducing()
        elif not self._waits:
            self._waits = True
            self.transport.pauseProducing()
            self.factory.passes.wait_in_line(self)
            self.factory.passes.spend(0)  # makes the line move

    def pauseProducing(self) -> None:
        self._is_paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self._is_paused = False
        self._go_on()

    def loseWriteConnection(self) -> None:
        """Announce that no more will be written; keep reading."""
        self._aggregator.flush()
        self._say_goodbye()

    def loseConnection(self) -> None:
        """Close once all is written; Twisted would wait for a producer to finish."""
        if not self._handshakeDone:  # Twisted would also wait for the handshake
            self.abortConnection()
            return
        self.unregisterProducer()
        super().loseConnection()

    def _shutdownTLS(self) -> None:
        """Close without waiting for the client's close_notify (RFC 8446 §6.1)."""
        self._say_goodbye()
        self.transport.loseConnection()

    def _say_goodbye(self) -> None:
        if self._tlsConnection is not None:  # the client may have left
            super()._shutdownTLS()
