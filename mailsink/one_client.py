"""The definition of one client for all counts: an IPv4 address, or an IPv6 network."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address


@lru_cache(maxsize=1024)
def client_of(address: str) -> str:
    """Return the key of the client at an address; for IPv6, its 64-bit network.

    A host can change the other 64 bits at any time (RFC 4291 §2.5.1, RFC 8981).
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    found = getattr(found, "ipv4_mapped", None) or found
    if isinstance(found, IPv4Address):
        return str(found)
    return str(IPv6Network((found, 64), strict=False).network_address)
