"""One client, wherever clients are counted: an address, or a network of IPv6."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address


@lru_cache(maxsize=1024)
def client_of(address: str) -> str:
    """Return what stands for the client at an address: of IPv6, its network of 64 bits.

    A host chooses the other 64 as often as it likes (RFC 4291 §2.5.1, RFC 8981).
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    found = getattr(found, "ipv4_mapped", None) or found
    if isinstance(found, IPv4Address):
        return str(found)
    return str(IPv6Network((found, 64), strict=False).network_address)
