"""The mailboxes that a next hop may understand an address as, apart from its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 32  # for one address; an address with more is made to be misread

Reading = tuple[str, str]  # a local part and its domain


def readings(local: str, domain: str) -> list[Reading]:
    """Return the readings of an address, the address itself first; at most MOST + 1.

    A next hop may drop the quotes, and relay mail if the address seems to name another
    host: as user%host, user@host or host!user (RFC 5321 appendix F.2).
    """
    found = [(local, domain)]
    for user, host in found:  # the list grows meanwhile
        for each in _others(user, host):
            if each not in found:
                found.append(each)
        if len(found) > MOST:
            break
    return found[: MOST + 1]


def _others(user: str, host: str) -> Iterator[Reading]:
    if len(user) > 1 and user.startswith('"') and user.endswith('"'):
        yield re.sub(r"\\(.)", r"\1", user[1:-1]), host
    for sign in "%@":
        before, _, after = user.rpartition(sign)
        if before and after:
            yield before, after
    before, _, after = user.partition("!")
    if before and after:
        yield after, before
