"""TLS between the wire and a session: octets in, octets out, no sockets.

It runs the ssl module over memory: `receive` takes the incoming octets, and a given
function writes the outgoing ones. So alerts reach the client, and octets before the
handshake (a PROXY header, a late command) are never mixed up with it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress

from mailsink.smtp.tls.client_hello import ClientHello, read_client_hello
from mailsink.smtp.tls.planned_failure import PlannedFailure

_RECORD = 16 * 1024  # octets in a record, at most
_FIRST = 32 * 1024  # octets kept from the start of a connection
# Octets in a row, after the handshake, without any text. It allows some records, whole
# or not, such as tickets and new keys, but no flood of them.
_MOST_WITHOUT_TEXT = 64 * 1024


class RecordsWithoutText(ssl.SSLError):
    """The peer sends records, such as new keys, but no text."""

    reason = "RECORDS_WITHOUT_TEXT"  # in the style of OpenSSL's names


class TlsLayer:
    """One TLS connection: our side of it, as the server or, outgoing, as the client."""

    __slots__ = (
        "_first",
        "_incoming",
        "_object",
        "_outgoing",
        "_send",
        "_without_text",
        "answered",
        "client",
        "done",
        "ended",
        "error",
        "octets",
        "planned",
    )  # fmt: skip

    def __init__(
        self,
        context: ssl.SSLContext,
        send: Callable[[bytes], bool],
        server_name: str | None = None,
    ) -> None:
        """send writes to the wire; False: the peer is gone. Raises ssl.SSLError.

        server_name: of the server, if this is the client's side; "" sends no SNI
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_name is None,
            server_hostname=server_name or None,
        )
        self._send = send
        self._first = bytearray()
        self._without_text = 0
        self.client = ""  # its EHLO name before STARTTLS
        self.planned: PlannedFailure | None = None  # by a rule
        self.answered = False  # our part of the handshake is sent, with the certificate
        self.done = False  # the handshake is complete
        self.octets = 0  # of the handshake, received
        self.ended = False  # no more text will arrive
        self.error: ssl.SSLError | None = None  # why, if not by close_notify

    def receive(self, octets: bytes) -> bytes:
        """Take octets from the wire; return them decrypted, once the handshake is done."""
        if self.ended:
            return b""  # it is never read, and must not fill the memory
        self._incoming.write(octets)
        if self.done:
            return self._text(len(octets))
        self.octets += len(octets)
        self._first += octets[: _FIRST - len(self._first)]
        return b""

    def shake_hands(self) -> bool:
        """Continue the handshake; return whether it is done. Raises ssl.SSLError.

        If it fails, the client has been sent an alert with the reason.
        """
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            self.answered = self.answered or bool(self._outgoing.pending)
            return False
        finally:
            self._flush()
        self.done = True
        return True

    def send(self, octets: bytes) -> bool:
        """Encrypt and write octets; return False if the peer is gone."""
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[self._object.write(rest) :]
        except ssl.SSLError as error:
            self.ended, self.error = True, self.error or error
        return self._flush() and not rest

    def close(self) -> None:
        """Announce the end of our output (close_notify, RFC 8446 §6.1)."""
        with suppress(ssl.SSLError):  # do not wait for the client's close_notify
            self._object.unwrap()
        self._flush()

    @property
    def minimum_version(self) -> ssl.TLSVersion:
        """The lowest version that we accept."""
        return self._object.context.minimum_version

    @property
    def hello(self) -> ClientHello:
        """The ClientHello that the client began with."""
        return read_client_hello(bytes(self._first))

    @property
    def version(self) -> str:
        """The version, such as "TLSv1.3"; "" before the handshake is done."""
        return self._object.version() or ""

    @property
    def cipher(self) -> str:
        """The cipher: "TLS_AES_256_GCM_SHA384"; "" before the handshake is done."""
        cipher = self._object.cipher()
        return cipher[0] if cipher else ""

    def _text(self, received: int) -> bytes:
        """Return the text received so far.

        If the connection sends only other records, end it.
        """
        text = self._read()
        self._without_text = 0 if text else self._without_text + received
        if self._without_text > _MOST_WITHOUT_TEXT:
            self.ended = True
            self.error = self.error or RecordsWithoutText()
        return text

    def _read(self) -> bytes:
        pieces = []
        try:
            while piece := self._object.read(_RECORD):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError as error:
            self.ended, self.error = True, error
        finally:
            self._flush()
        return b"".join(pieces)

    def _flush(self) -> bool:
        return self._send(self._outgoing.read()) if self._outgoing.pending else True
