"""Limits calls to public addresses, and to networks that a setting allows."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NO_ADDRESS = "no IP address"

# They contain other addresses, which a router or the other end may translate.
_TRANSLATED = {
    "IPv4-mapped": "::ffff:0:0/96",
    "IPv4-compatible": "::/96",
    "NAT64": "64:ff9b::/96",
    "local NAT64": "64:ff9b:1::/48",
    "6to4": "2002::/16",
    "Teredo": "2001::/32",
    "IPv4-translated": "::ffff:0:0:0/96",
}
_TRANSLATED_NETWORKS = {
    name: ipaddress.IPv6Network(network) for name, network in _TRANSLATED.items()
}
# Never public, even if this version of Python does not know IANA's registries. The host
# of a virtual machine answers on the last one (Azure).
_SPECIAL = [
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "100::/64", "2001::/23",
        "2001:db8::/32", "3fff::/20", "5f00::/16", "168.63.129.16/32",
    )
]  # fmt: skip
_UNICAST = ipaddress.IPv6Network("2000::/3")  # no other IPv6 address is public


def refusal(address: str, allowed: Collection[Network] = ()) -> str:
    """Return why an address may not be called, as "a loopback address"; "": it may.

    address: in the form of a socket, with its zone if it has one
    """
    bare, percent, _zone = address.partition("%")
    try:
        ip = ipaddress.ip_address(bare)
    except ValueError:
        return NO_ADDRESS
    if any(ip in network for network in allowed if network.version == ip.version):
        return ""
    if percent:
        return "an address of a link"
    return _kind(ip)


def _kind(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return the kind of an address that is not public; "" for a public one."""
    if ip.is_unspecified:
        return "the unspecified address"
    if ip.is_loopback:
        return "a loopback address"
    if isinstance(ip, ipaddress.IPv6Address):
        for name, network in _TRANSLATED_NETWORKS.items():
            if ip in network:
                return f"a translated address ({name})"
        if ip.is_site_local:
            return "a private address"
    if ip.is_link_local:
        return "a link-local address"
    if ip.is_multicast:
        return "a multicast address"
    if ip.is_private or any(ip in each for each in _SPECIAL):
        return "a private address"
    if ip.version == 6 and ip not in _UNICAST:
        return "no public address"
    return "" if ip.is_global and not ip.is_reserved else "no public address"
