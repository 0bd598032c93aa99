"""TLS between the wire and a session: octets in, octets out, no sockets.

The ssl module over memory: what came is fed to `receive`, what is to go out leaves
by the function it was given. So alerts reach the client, and whatever comes before the
handshake (a PROXY header, a late command) can never be mixed up with it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress

from mailsink.smtp.tls.client_hello import ClientHello, read_client_hello
from mailsink.smtp.tls.planned_failure import PlannedFailure

_RECORD = 16 * 1024  # octets in a record, at most
_FIRST = 32 * 1024  # octets kept of what a client began with
# Octets received in a row, after the handshake, of which none is text: some records, whole
# or not, as tickets and new keys are; not a flood of them.
_MOST_WITHOUT_TEXT = 64 * 1024


class RecordsWithoutText(ssl.SSLError):
    """The peer sends records, such as new keys, and never text."""

    reason = "RECORDS_WITHOUT_TEXT"  # as OpenSSL names what is wrong


class TlsLayer:
    """One TLS connection: the server's side, or the client's of one that goes out."""

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

        server_name: of the server, where this is the client's side; "" sends no SNI
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
        self.client = ""  # what it called itself before STARTTLS
        self.planned: PlannedFailure | None = None  # by a rule
        self.answered = False  # by our part of the handshake, with the certificate
        self.done = False  # the handshake
        self.octets = 0  # of the handshake, received
        self.ended = False  # nothing more will come that can be read
        self.error: ssl.SSLError | None = None  # why, if not by close_notify

    def receive(self, octets: bytes) -> bytes:
        """Take octets from the wire; return them decrypted, once the handshake is done."""
        if self.ended:
            return b""  # nobody will read it: it must not fill the memory
        self._incoming.write(octets)
        if self.done:
            return self._text(len(octets))
        self.octets += len(octets)
        self._first += octets[: _FIRST - len(self._first)]
        return b""

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is done. Raises ssl.SSLError.

        Where it fails, the client has been sent an alert that says why.
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
        """Write octets of ours; return False if the peer is gone."""
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[self._object.write(rest) :]
        except ssl.SSLError as error:
            self.ended, self.error = True, self.error or error
        return self._flush() and not rest

    def close(self) -> None:
        """Say that no more will be sent (close_notify, RFC 8446 §6.1)."""
        with suppress(ssl.SSLError):  # the client's own is not waited for
            self._object.unwrap()
        self._flush()

    @property
    def minimum_version(self) -> ssl.TLSVersion:
        """The lowest version that we take."""
        return self._object.context.minimum_version

    @property
    def hello(self) -> ClientHello:
        """The ClientHello that the client began with."""
        return read_client_hello(bytes(self._first))

    @property
    def version(self) -> str:
        """As "TLSv1.3"; "" before the handshake is done."""
        return self._object.version() or ""

    @property
    def cipher(self) -> str:
        """As "TLS_AES_256_GCM_SHA384"; "" before the handshake is done."""
        cipher = self._object.cipher()
        return cipher[0] if cipher else ""

    def _text(self, received: int) -> bytes:
        """Return what can be read now; end a connection that only sends other records."""
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
