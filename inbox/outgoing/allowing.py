"""The lists of a route, which allow or deny recipients. An unreadable list allows nobody.

A pattern with an @ is compared with the whole address, one without with its domain; "*"
stands for any text, "?" for any character, and case is ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from inbox.outgoing.address_readings import MOST as MOST_READINGS
from inbox.outgoing.address_readings import readings
from inbox.outgoing.domain_forms import ascii_domain, spelled_out
from mailsink.wildcards import Wildcards, fold

MOST_PATTERNS = 500
LONGEST_PATTERN = 254  # characters, as in an address (RFC 5321 §4.5.3.1.3, errata 1690)

# In a local part these may name another host, to which the next hop would relay the
# mail (RFC 5321 appendix F.2 and RFC 733's user%host@relay).
_ROUTING = frozenset('%!@:,"\\')


def fault(pattern: str) -> str:
    """Return what is wrong with a pattern; "" if nothing is."""
    if not 0 < len(pattern) <= LONGEST_PATTERN:
        return "has no characters, or more than an address may have"
    if not pattern.isprintable() or " " in pattern:
        return "has a space or a control character"
    if pattern.count("@") > 1:
        return "has more than one @"
    return "has nothing after the @" if pattern.endswith("@") else ""


def refusal(address: str, allow: Any, deny: Any) -> str:
    """Return why mail may not go to an address; "" if it may.

    allow, deny: the lists as stored. Anything but lists of valid patterns allows
    nobody.
    """
    if not readable(allow) or not readable(deny):
        return "The lists of the route cannot be read."
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        return "It has no domain."
    domain = ascii_domain(domain)
    if not domain:
        return "Its domain is not a name that can be compared with the lists."
    if fold(local) != _lower(local):
        return (
            "Its local part has letters whose case cannot be compared with the lists."
        )
    whole = f"{local}@{domain}"
    if deny:
        found = readings(local, domain)
        if len(found) > MOST_READINGS:
            return "Its local part may name too many other hosts."
        if any(_is_denied(user, host, deny) for user, host in found):
            return "It is on the route's list of denied recipients."
    fitting = [pattern for pattern in allow if _fits(pattern, whole)]
    if not fitting:
        return "It is not on the route's list of allowed recipients."
    if _ROUTING & set(local) and fold(whole) not in map(_comparable, fitting):
        return (
            "Its local part may name another host; only a list with the whole address "
            "allows it."
        )
    return ""


def fits(address: str, patterns: Any) -> bool:
    """Whether a list names an address. An unreadable list names no address."""
    return not refusal(address, patterns, [])


def readable(patterns: Any) -> bool:
    """Whether it is a list of valid patterns, as stored."""
    return (
        isinstance(patterns, Sequence)
        and not isinstance(patterns, str)
        and len(patterns) <= MOST_PATTERNS
        and all(isinstance(each, str) and not fault(each) for each in patterns)
    )


def _fits(pattern: str, whole: str) -> bool:
    """Whether a pattern fits an address whose domain is in DNS form."""
    compared = whole if "@" in pattern else whole.rpartition("@")[2]
    return _wildcards(_comparable(pattern)).fit(compared)


def _comparable(pattern: str) -> str:
    """Return a pattern in lower case, with its domain in DNS form."""
    local, at, domain = pattern.rpartition("@")
    return fold(f"{local}{at}{ascii_domain(domain) or domain}")


def _lower(local: str) -> str:
    """Return a local part with its ASCII letters in lower case.

    Other letters may distinguish mailboxes.
    """
    return "".join(each.lower() if each.isascii() else each for each in local)


def _is_denied(user: str, host: str, deny: Sequence[str]) -> bool:
    """Whether a list denies a mailbox, in either form of its domain."""
    domain = ascii_domain(host)
    if not domain:
        return True  # to be safe, since it cannot be compared
    whole, spelled = f"{user}@{domain}", spelled_out(domain)
    return any(
        _fits(each, whole)
        or _wildcards(fold(each)).fit(f"{user}@{spelled}" if "@" in each else spelled)
        for each in deny
    )


@lru_cache(2048)
def _wildcards(pattern: str) -> Wildcards:
    return Wildcards(pattern)
