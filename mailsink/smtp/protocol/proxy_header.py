"""The header of the PROXY protocol, versions 1 and 2: a load balancer names its client.

https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, cited here by its sections.
"""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"  # of version 2 (§2.2)
_WORD = b"PROXY "  # of version 1 (§2.1)
_LONGEST_LINE = 107  # §2.1, CRLF included
_LONGEST_BLOCK = 4096  # octets after the fixed part: addresses and more; our limit
LONGEST = 16 + _LONGEST_BLOCK  # octets of any header

# §2.1: single spaces, no leading zeros
_PORT = rb"(0|[1-9]\d{0,4})"
_LINE = re.compile(rb"PROXY TCP([46]) (\S+) (\S+) " + _PORT + b" " + _PORT)
_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: .*)?")


class Header(NamedTuple):
    """A PROXY header, in which a load balancer names the real client."""

    version: int
    octets: int
    client: tuple[str, int] | None = None  # None: the connection speaks for itself
    server: tuple[str, int] | None = None  # the address that the client connected to


class BadHeaderError(Exception):
    """These octets are no PROXY header; the text says why, without a quotation."""


def parse(octets: bytes) -> Header | None:
    """Return the header that the octets begin with, or None until it is complete.

    Raises BadHeaderError as soon as the octets cannot become a header.
    """
    if octets.startswith(_WORD[: len(octets)]):
        return _version_1(octets)
    if octets.startswith(SIGNATURE[: len(octets)]):
        return _version_2(octets)
    raise BadHeaderError("it began with something else")


def _version_1(octets: bytes) -> Header | None:
    end = octets.find(b"\r\n", 0, _LONGEST_LINE)
    if end < 0:
        if len(octets) >= _LONGEST_LINE:
            raise BadHeaderError(f"its line is longer than {_LONGEST_LINE} octets")
        return None
    line = octets[:end]
    if _UNKNOWN.fullmatch(line):
        return Header(1, end + 2)
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadHeaderError("its line is not of the form PROXY TCP4|TCP6|UNKNOWN …")
    family, client, server, client_port, server_port = match.groups()
    ends = []
    for address, port in ((client, client_port), (server, server_port)):
        if int(port) > 65535:
            raise BadHeaderError("a port is over 65535")
        ends.append((_written(address, family), int(port)))
    return Header(1, end + 2, *ends)


def _written(address: bytes, family: bytes) -> str:
    """Return an address of version 1 as text."""
    try:
        if family == b"4":
            return str(IPv4Address(address.decode("ascii")))
        found = IPv6Address(address.decode("ascii"))
        if found.scope_id is not None:
            raise ValueError
    except ValueError:
        raise BadHeaderError(f"an address is no IPv{family.decode()} address") from None
    return _plain(found)


def _version_2(octets: bytes) -> Header | None:
    """§2.2: the signature, version and command, family and protocol, length, addresses."""
    if len(octets) < 16:
        return None
    command, family, length = struct.unpack_from("!BBH", octets, 12)
    if command >> 4 != 2:
        raise BadHeaderError(f"its version is {command >> 4}, not 2")
    if command & 15 > 1:
        raise BadHeaderError("its command is neither LOCAL nor PROXY")
    if length > _LONGEST_BLOCK:
        raise BadHeaderError(f"it is longer than {_LONGEST_BLOCK} octets")
    if len(octets) < 16 + length:
        return None
    if command & 15 == 0:  # LOCAL: its addresses must be ignored
        return Header(2, 16 + length)
    return Header(2, 16 + length, *_addresses(family, octets[16 : 16 + length]))


def _addresses(
    family: int, block: bytes
) -> tuple[tuple[str, int], tuple[str, int]] | tuple[()]:
    """Return both ends of a TCP connection; () for any other connection."""
    if family >> 4 > 3 or family & 15 > 2:
        raise BadHeaderError("its address family or transport does not exist")
    form = {0x11: "!4s4sHH", 0x21: "!16s16sHH"}.get(family)
    least = {1: 12, 2: 36, 3: 216}.get(family >> 4, 0)
    if len(block) < least:
        raise BadHeaderError("it is too short for its addresses")
    if form is None:
        return ()
    client, server, client_port, server_port = struct.unpack_from(form, block)
    return (_packed(client), client_port), (_packed(server), server_port)


def _packed(address: bytes) -> str:
    if len(address) == 4:
        return str(IPv4Address(address))
    return _plain(IPv6Address(address))


def _plain(address: IPv6Address) -> str:
    """Return the address as text; an IPv4 address in IPv6 form is the same client."""
    return str(address.ipv4_mapped or address)
