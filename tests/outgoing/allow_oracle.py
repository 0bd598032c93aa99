"""Whether mail may go to an address by the lists of a route: docs/outgoing.md once more.

Written apart from the product, and from the other end: it asks which mailboxes a next hop
may take the address for, and wants all of them to be allowed, and none denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address

import idna

Lists = tuple[Sequence[str], Sequence[str]]  # allowed, denied

_HOSTS = re.compile(r'[%!@:,"\\]')


def may_go(address: str, allow: Sequence[str], deny: Sequence[str]) -> bool:
    """Whether a list that somebody wrote lets mail go to an address, as RCPT has it."""
    local, _, domain = address.rpartition("@")
    forms = _forms(domain)
    if not local or not forms:
        return False
    named = any(_is_named(address, each) for each in allow)
    fits = all(
        any(_fits(local, {form}, pattern) for pattern in allow) for form in forms
    )
    if not fits or (_HOSTS.search(local) and not named):
        return False
    return not any(
        _fits(user, _forms(host), pattern)
        for user, host in _mailboxes(local, domain)
        for pattern in deny
    )


def is_at(address: str, domain: str) -> bool:
    """Whether an address is at a domain, as DNS has both."""
    return bool(_forms(address.rpartition("@")[2]) & _forms(domain))


def _is_named(address: str, pattern: str) -> bool:
    """Whether a pattern is this address, not one that it also fits."""
    local, _, domain = address.rpartition("@")
    of_pattern, _, host = pattern.rpartition("@")
    same = len(local) == len(of_pattern) and all(map(_is_same, local, of_pattern))
    return same and bool(_forms(domain) & _forms(host))


def _mailboxes(local: str, domain: str) -> Iterator[tuple[str, str]]:
    """Yield what a next hop may take an address for: unquoted, and passed on to others."""
    yield local, domain
    if local.startswith('"'):
        inner = re.sub(r"\\(.)", r"\1", local[1:-1])
        yield inner, domain
        local = inner
    for sign in "%@":
        user, found, host = local.rpartition(sign)
        if found and user and host:
            yield from _mailboxes(user, host)
    host, found, user = local.partition("!")
    if found and user and host:
        yield from _mailboxes(user, host)


def _forms(domain: str) -> set[str]:
    """Return what a domain may be in DNS, by either IDNA; and in letters, for patterns."""
    domain = domain.lower().rstrip(".")
    if domain.startswith("["):
        return {_literal(domain)}
    forms = set()
    for encode in (_idna2003, _idna2008):
        try:
            forms.add(encode(domain))
        except UnicodeError:  # idna.IDNAError is one
            if not domain.isascii():
                return set()
    return forms or {domain}


def _idna2003(domain: str) -> str:
    return domain.encode("idna").decode().lower()


def _idna2008(domain: str) -> str:
    return idna.encode(domain, uts46=True, std3_rules=False).decode()


def _literal(domain: str) -> str:
    """Return an address literal in one form."""
    inner = domain[1:-1]
    try:
        if inner.startswith("ipv6:"):
            address = IPv6Address(inner[5:])
            return f"[{address.ipv4_mapped or address}]"
        return f"[{IPv4Address('.'.join(str(int(each)) for each in inner.split('.')))}]"
    except ValueError:
        return domain


def _fits(local: str, forms: set[str], pattern: str) -> bool:
    """Whether a pattern fits a mailbox in any of the forms of its domain."""
    of_pattern, at, host = pattern.rpartition("@")
    if at and not _matches(of_pattern, local):
        return False
    readable = {_letters(each) for each in forms}
    if "*" in host or "?" in host:
        return any(_matches(host.rstrip("."), each) for each in forms | readable)
    return bool(forms & _forms(host))


def _letters(domain: str) -> str:
    """Return a domain with the letters that its labels stand for."""
    try:
        return idna.decode(domain)
    except UnicodeError:
        return domain


def _matches(pattern: str, text: str) -> bool:
    expression = "".join(
        ".*" if each == "*" else "." if each == "?" else _either_case(each)
        for each in pattern
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _is_same(one: str, other: str) -> bool:
    return _matches(one.replace("*", "?"), other) if one not in "*?" else one == other


def _either_case(character: str) -> str:
    """Return a character in upper and lower case: only where each is that of the other."""
    lower, upper = character.lower(), character.upper()
    cases = {character}
    if lower.upper() == character:
        cases.add(lower)
    if upper.lower() == character:
        cases.add(upper)
    return f"(?:{'|'.join(re.escape(each) for each in sorted(cases))})"
