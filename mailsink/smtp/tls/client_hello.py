"""Reads the plain part of a client's first TLS message: the server name, the versions.

This is done by hand, because the ssl module offers neither after a failed handshake,
and refuses non-ASCII names. Pure; no input raises an error.
"""

from __future__ import annotations

from typing import NamedTuple

from mailsink.text import readable

_RECORD = 5  # octets of a record's header (RFC 8446 §5.1)
_LONGEST = 32 * 1024  # octets parsed; a hello has a few hundred, up to two thousand

_NAMES = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2",
          0x0304: "TLS 1.3"}  # fmt: skip
_SERVER_NAME = 0  # RFC 6066 §3
_SUPPORTED_VERSIONS = 43  # RFC 8446 §4.2.1


class ClientHello(NamedTuple):
    """The fields of a ClientHello (RFC 8446 §4.1.2) that pages show."""

    sni: str = ""  # readable; "" if none was sent
    versions: str = ""  # "TLS 1.2, TLS 1.3", "up to TLS 1.1"


def read_client_hello(octets: bytes) -> ClientHello:
    """Return the hello in the first octets of a connection; empty if there is none."""
    try:
        return _hello(_Reader(_unwrapped(octets[:_LONGEST])))
    except IndexError:
        return ClientHello()


def _unwrapped(octets: bytes) -> bytes:
    """Return the handshake message, joined from its records."""
    message, at = bytearray(), 0
    while octets[at : at + 1] == b"\x16":
        start = at + _RECORD
        at = start + int.from_bytes(octets[at + 3 : start])
        message += octets[start:at]
    return bytes(message)


class _Reader:
    """Takes fields off the front; raises IndexError if there are too few octets."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def take(self, count: int) -> bytes:
        taken, self.octets = self.octets[:count], self.octets[count:]
        if len(taken) < count:
            raise IndexError
        return taken

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets))

    def vector(self, size_octets: int) -> _Reader:
        return _Reader(self.take(self.number(size_octets)))


def _hello(message: _Reader) -> ClientHello:
    if message.number(1) != 1:
        raise IndexError
    message.take(3)
    legacy = message.number(2)
    message.take(32)  # random
    for size_octets in (1, 2, 1):  # session id, cipher suites, compression
        message.vector(size_octets)
    sni, versions = "", f"up to {_NAMES.get(legacy, 'an unknown version')}"
    extensions = message.vector(2) if message.octets else _Reader(b"")
    while extensions.octets:
        kind, extension = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            names = extension.vector(2)
            names.take(1)  # the only type of name
            sni = readable(names.vector(2).octets)
        elif kind == _SUPPORTED_VERSIONS:
            versions = _versions(extension.vector(1))
    return ClientHello(sni, versions)


def _versions(listed: _Reader) -> str:
    numbers = sorted(listed.number(2) for _ in range(len(listed.octets) // 2))
    return ", ".join(_NAMES[each] for each in numbers if each in _NAMES)
