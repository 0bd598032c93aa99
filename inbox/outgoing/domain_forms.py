"""The forms of a domain: in DNS, and in its own letters."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

# IDNA 2003 and 2008 map these to different domains, and the next hop may follow either.
_DEVIATIONS = frozenset("ßς\u200c\u200d")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # between labels (RFC 3490 §3.1)


def ascii_domain(domain: str) -> str:
    """Return a domain in its DNS form, in lower case; "" if it has none.

    An address literal is returned in its shortest form.
    """
    domain = domain.rstrip(".").lower()
    if domain.isascii():
        return _literal(domain) if domain.startswith("[") else domain
    if _DEVIATIONS & set(domain):
        return ""
    try:
        found = domain.encode("idna").decode()
    except UnicodeError:
        return ""
    # Some next hops map characters such as U+2024 to dots, and then see more labels.
    return found if found.count(".") == len(_DOTS.findall(domain)) else ""


def spelled_out(domain: str) -> str:
    """Return a domain in DNS form with its own letters."""
    return ".".join(map(_label_spelled_out, domain.split(".")))


def _label_spelled_out(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode().decode("punycode")
    except UnicodeError:
        return label


def _literal(domain: str) -> str:
    """Return an address literal (RFC 5321 §4.1.3) in lower case, in its shortest form."""
    inner = domain[1:-1]
    try:
        if not inner.startswith("ipv6:"):
            numbers = [str(int(each)) for each in inner.split(".")]
            return f"[{IPv4Address('.'.join(numbers))}]"
        address = IPv6Address(inner.removeprefix("ipv6:"))
    except ValueError:
        return domain
    mapped = address.ipv4_mapped
    return f"[{mapped}]" if mapped else f"[ipv6:{address}]"
